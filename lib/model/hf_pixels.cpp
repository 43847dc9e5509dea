// Hugging Face's image processors of CLIP, SigLIP and OWLv2.
#include "model/hf_reader.h"

#include <cmath>

namespace lip::model {
namespace {

// Keys of a preprocessor that change no pixel.
constexpr std::string_view kHarmless[] = {
    "processor_class",  "_name_or_path",     "_processor_class",  "auto_map",
    "do_convert_rgb",   "data_format",       "input_data_format", "return_tensors",
    "device",           "default_to_square", "disable_grouping",  "_valid_processor_keys",
    "image_seq_length", "tokenizer_class"};

// Which class prepares the pixels.
constexpr std::string_view kClass = "image_processor_type", kOldClass = "feature_extractor_type";

// "size" and "crop_size": a number, {"shortest_edge"} or {"height", "width"}.
struct HfSize {
    bool is_shortest = false;
    std::int64_t side = 0;
};

HfSize read_hf_size(const HfReader& r, const char* key, bool number_is_shortest, HfSize size) {
    if (!r.has(key)) return size;
    const Json& given = r[key];
    const auto refuse = [&] {
        throw cli::DataError(r.where() + "." + key + ": " + given.dump() +
                             " is not supported (one side, or height and width that are equal)");
    };
    if (given.is_number_integer()) return {number_is_shortest, given.get<std::int64_t>()};
    if (!given.is_object()) refuse();
    const HfReader inner = r.child(key);
    for (const auto& [name, value] : given.items())
        if (name != "shortest_edge" && name != "height" && name != "width" && !value.is_null())
            refuse();
    if (inner.has("shortest_edge")) return {true, inner.get<std::int64_t>("shortest_edge", 0)};
    const auto height = inner.get<std::int64_t>("height", 0);
    if (height < 1 || height != inner.get<std::int64_t>("width", 0)) refuse();
    return {false, height};
}

// What an image processor's file says. A key that is not known may change the pixels: refused.
HfReader read_hf_pixels_json(const std::string& text, const std::string& where) {
    Json json = Json::parse(text, nullptr, false);
    // A processor's file has the image processor's inside.
    if (json.is_object() && json.contains("image_processor") && json["image_processor"].is_object())
        json = Json(json["image_processor"]);
    constexpr std::string_view kKnown[] = {
        "do_resize",  "size",           "resample",     "do_center_crop", "crop_size",
        "do_rescale", "rescale_factor", "do_normalize", "image_mean",     "image_std",
        "do_pad",     kClass,           kOldClass};
    HfReader r(std::move(json), where);
    refuse_unknown(r, {kKnown, kHarmless}, "pixels");
    return r;
}

// "CLIPImageProcessor" of "CLIPImageProcessorFast"; older files call it "CLIPFeatureExtractor".
std::string processor_of(const HfReader& r) {
    auto name = r.get<std::string>(kClass.data(), r.get<std::string>(kOldClass.data(), ""));
    for (const std::string_view ending : {"Fast", "Pil"})
        if (name.ends_with(ending)) name.resize(name.size() - ending.size());
    if (const std::size_t at = name.find("FeatureExtractor"); at != name.npos)
        name.replace(at, name.npos, "ImageProcessor");
    return name;
}

// Mean and deviation for pixels of 0..1. (factor x - mean) / std of bytes x is
// (x / 255 - mean / (255 factor)) / (std / (255 factor)).
void read_hf_scale(const HfReader& r, PreprocessConfig& pixels) {
    const bool normalizes = r.get("do_normalize", true);
    pixels.mean = normalizes ? r.get("image_mean", pixels.mean) : std::vector<double>(3, 0.0);
    pixels.std = normalizes ? r.get("image_std", pixels.std) : std::vector<double>(3, 1.0);
    const double factor = r.get("do_rescale", true) ? r.get("rescale_factor", 1.0 / 255) : 1.0;
    require(r, factor > 0, "rescale_factor: is not positive");
    if (std::abs(factor * 255 - 1) <= 1e-6) return;
    for (std::vector<double>* numbers : {&pixels.mean, &pixels.std})
        for (double& value : *numbers) value /= 255 * factor;
}

}  // namespace

PreprocessConfig read_hf_pixels(const HfPixels& file, bool siglip, std::int64_t side) {
    PreprocessConfig pixels;
    if (file.json.empty()) {
        if (siglip) pixels.mean = pixels.std = {0.5, 0.5, 0.5};
        pixels.resize_mode = siglip ? "squash" : "shortest_floor";
        return pixels;
    }
    const HfReader r = read_hf_pixels_json(file.json, file.file);
    const std::string processor = processor_of(r);
    require(
        r,
        processor.empty() || processor == "CLIPImageProcessor" ||
            processor == "SiglipImageProcessor",
        std::string(kClass) + ": '" + processor + "' is not supported (CLIP's and SigLIP's are)");
    if (!processor.empty()) siglip = processor.starts_with("Siglip");
    if (siglip) pixels.mean = pixels.std = {0.5, 0.5, 0.5};
    require(r, r.get("do_resize", true), "do_resize: false is not supported: images have any size");
    require(r, !r.get("do_pad", false), "do_pad: true is not supported");
    const auto resample = r.get<std::int64_t>("resample", 3);
    require(r, resample == 2 || resample == 3,
            "resample: only 2 (bilinear) and 3 (bicubic) are supported");
    pixels.interpolation = resample == 2 ? "bilinear" : "bicubic";
    const HfSize size = read_hf_size(r, "size", !siglip, {!siglip, side});
    const bool crops = r.get("do_center_crop", !siglip);
    const HfSize crop = read_hf_size(r, "crop_size", false, {false, side});
    const auto sides = [](std::int64_t n) { return std::to_string(n) + " pixels"; };
    require(r, size.side == side || (crops && crop.side == side),
            "size: images of " + sides(size.side) + ", but the model takes " + sides(side));
    require(r, size.side == side,
            "size: " + sides(size.side) + " and then a crop of " + sides(crop.side) +
                " is not supported (only a crop as large as the size)");
    require(r, !crops || crop.side == side,
            "crop_size: " + sides(crop.side) + ", but the model takes " + sides(side));
    require(r, crops || !size.is_shortest,
            "do_center_crop: false with a shortest_edge leaves images of any shape");
    pixels.resize_mode = size.is_shortest ? "shortest_floor" : "squash";
    read_hf_scale(r, pixels);
    return pixels;
}

void read_hf_owlv2_pixels(const HfPixels& file, std::int64_t side, PreprocessConfig& pixels) {
    const HfReader r = read_hf_pixels_json(file.json, file.file);
    const std::string processor = processor_of(r);
    require(r, processor.empty() || processor == "Owlv2ImageProcessor",
            std::string(kClass) + ": '" + processor + "' is not supported (OWLv2's is)");
    for (const char* key : {"do_resize", "do_pad"})
        require(r, r.get(key, true), std::string(key) + ": false is not supported");
    require(r, !r.get("do_center_crop", false), "do_center_crop: true is not supported");
    require(r, r.get<std::int64_t>("resample", 2) == 2, "resample: only 2 (bilinear) is supported");
    const HfSize size = read_hf_size(r, "size", false, {false, side});
    require(r, !size.is_shortest && size.side == side,
            "size: is not that of the image tower, " + std::to_string(side));
    read_hf_scale(r, pixels);
}

}  // namespace lip::model
