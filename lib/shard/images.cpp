#include "shard/images.h"

#include "cli/error.h"
#include "image/decode.h"
#include "record/file.h"
#include "record/lines.h"
#include "shard/images_by_key.h"
#include "shard/list.h"
#include "shard/sample_record.h"
#include "shard/stream.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace lip::shard {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestImage = std::size_t{1} << 30;

enum class Kind { kRecords, kShard, kImage };

struct Input {
    Kind kind;
    std::string path;
};

// A pipe cannot be looked at and read again: it brings records.
Kind kind_of(const std::string& path) {
    if (!fs::is_regular_file(path)) return Kind::kRecords;
    std::ifstream file(path, std::ios::binary);
    std::string head(512, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(file.gcount()));
    if (image::sniff(head) != image::Kind::kUnknown) return Kind::kImage;
    const bool is_tar = head.size() >= 262 && head.compare(257, 5, "ustar") == 0;
    const bool packed = head.starts_with("\x28\xb5\x2f\xfd") || head.starts_with("\x1f\x8b");
    if (is_tar || (packed && path.find(".tar") != path.npos)) return Kind::kShard;
    return Kind::kRecords;
}

bool is_image_name(const fs::path& path) {
    return is_image_ext(path.extension().string().empty() ? ""
                                                          : path.extension().string().substr(1));
}

void add_folder(const std::string& folder, std::vector<Input>& inputs) {
    std::vector<std::string> images;
    bool has_shards = false;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().string();
        if (!entry.is_regular_file()) continue;
        if (is_image_name(entry.path())) images.push_back(name);
        has_shards |=
            name.ends_with(".tar") || name.ends_with(".tar.zst") || name.ends_with(".tar.gz");
    }
    if (!images.empty()) {
        std::sort(images.begin(), images.end());
        for (std::string& path : images) inputs.push_back({Kind::kImage, std::move(path)});
        return;
    }
    if (!has_shards) throw cli::DataError(folder + ": the folder has neither images nor shards");
    for (std::string& path : expand_shards(folder))
        inputs.push_back({Kind::kShard, std::move(path)});
}

std::vector<Input> find_inputs(const record::StreamSettings& settings) {
    std::vector<Input> inputs;
    if (settings.inputs.empty()) {
        record::resolve_inputs({});  // refuses a terminal
        return {{Kind::kRecords, "-"}};
    }
    for (const std::string& operand : settings.inputs) {
        if (operand == "-") {
            inputs.push_back({Kind::kRecords, operand});
        } else if (fs::is_directory(operand)) {
            add_folder(operand, inputs);
        } else if (operand.ends_with(".manifest.jsonl") || !fs::exists(operand)) {
            for (std::string& path : expand_shards(operand))
                inputs.push_back({Kind::kShard, std::move(path)});
        } else {
            inputs.push_back({kind_of(operand), operand});
        }
    }
    return inputs;
}

}  // namespace

struct ImageStream::State {
    ImageInput input;
    record::ErrorLog& errors;
    std::vector<Input> inputs;
    std::size_t at = 0;
    std::optional<record::RecordReader> records;
    std::optional<ShardStream> shard;
    std::optional<ImagesByKey> images_from;
    std::uint64_t sample = 0;
    std::int64_t taken = 0;

    State(const ImageInput& in, record::ErrorLog& log)
        : input(in), errors(log), inputs(find_inputs(in.stream)) {
        if (in.images_from.empty()) return;
        for (const Input& one : inputs)
            if (one.kind != Kind::kRecords)
                throw cli::UsageError("--images-from needs records without images, but " +
                                      one.path + " has them");
        images_from.emplace(in.images_from);
    }

    fs::path root() const {
        if (!input.image_root.empty()) return input.image_root;
        const std::string& path = inputs[at].path;
        return path == "-" ? fs::path(".") : fs::path(path).parent_path();
    }

    bool wants_image(const record::Record& record) const {
        return input.need_images && (!input.wants_image || input.wants_image(record));
    }

    bool next_of_records(ImageRecord& item) {
        if (!records) {
            record::StreamSettings one = input.stream;
            one.inputs = {inputs[at].path};
            one.limit = input.stream.limit - taken;
            records.emplace(one, errors);
        }
        item.others.clear();
        while (records->next(item.record, item.place)) {
            ++taken;
            item.bytes.clear();
            if (!wants_image(item.record)) return true;
            const std::string why = read_image(item);
            if (why.empty()) return true;
            std::string line;
            record::append_json(line, item.record);
            errors.report(item.place, {"no-image", why}, line);
        }
        records.reset();
        return false;
    }

    // Empty, or why there is no image.
    std::string read_image(ImageRecord& item) {
        if (images_from) {
            auto image = images_from->find(item.record.key);
            if (!image)
                return "the image is not in " + input.images_from +
                       ", or not in the order of the records";
            item.bytes = std::move(image->bytes);
            return {};
        }
        if (item.record.image.empty())
            return item.record.url.empty() ? "the record has no \"image\""
                                           : "the record has only a \"url\" (download it first)";
        const fs::path path = root() / item.record.image;
        try {
            item.bytes = record::read_regular_file(path.string(), kLargestImage);
            return {};
        } catch (const cli::DataError& problem) {
            return std::string(problem.what()) +
                   " (--image-root DIR sets where relative paths start)";
        }
    }

    bool next_of_shard(ImageRecord& item) {
        if (!shard) shard.emplace(inputs[at].path), sample = 0;
        Sample found;
        while (taken < input.stream.limit && shard->next(found)) {
            ++taken;
            item.place = {inputs[at].path, ++sample, 0, true, found.key};
            errors.count_records(1);
            auto record = record_of(found);
            const Member* picture = nullptr;
            item.others.clear();
            for (Member& member : found.members) {
                if (!picture && is_image_ext(member.ext))
                    picture = &member;
                else if (member.ext != "json")
                    item.others.push_back(std::move(member));
            }
            if (!record) {
                errors.report(item.place, record.reject());
            } else if (wants_image(*record) && !picture) {
                errors.report(item.place, {"no-image", "the sample has no image member"});
            } else {
                item.record = std::move(*record);
                item.bytes = picture ? picture->bytes : "";
                return true;
            }
        }
        shard.reset();
        return false;
    }

    static record::Record bare(const std::string& key) {
        record::Record record;
        record.key = key;
        record.object.set_text("key", key);
        return record;
    }

    bool next(ImageRecord& item);

    bool next_of_image(ImageRecord& item) {
        if (taken++ >= input.stream.limit) return false;
        errors.count_records(1);
        item.record = bare(inputs[at].path);
        item.record.image = inputs[at].path;
        item.record.object.set_text("image", inputs[at].path);
        item.place = {inputs[at].path, 1, 0, false, {}};
        item.bytes = record::read_regular_file(inputs[at].path, kLargestImage);
        ++at;
        return true;
    }
};

ImageStream::ImageStream(const ImageInput& input, record::ErrorLog& errors)
    : state_(std::make_unique<State>(input, errors)) {}
ImageStream::~ImageStream() = default;

std::string ImageStream::skip_to(std::uint64_t n) {
    const bool need_images = std::exchange(state_->input.need_images, false);
    ImageRecord item;
    while (state_->errors.records() < n && next(item)) {
    }
    state_->input.need_images = need_images;
    return item.record.key;
}

bool ImageStream::next(ImageRecord& item) {
    const bool found = state_->next(item);
    item.number = state_->errors.records();
    return found;
}

bool ImageStream::State::next(ImageRecord& item) {
    State& s = *this;
    for (; s.at < s.inputs.size(); ++s.at) {
        if (s.taken >= s.input.stream.limit) return false;
        switch (s.inputs[s.at].kind) {
            case Kind::kImage:
                return s.next_of_image(item);
            case Kind::kShard:
                if (s.next_of_shard(item)) return true;
                break;
            case Kind::kRecords:
                if (s.next_of_records(item)) return true;
                break;
        }
    }
    return false;
}

std::string ImageStream::resolve(const ImageRecord& item, const std::string& path) const {
    if (fs::path(path).is_absolute()) return path;
    if (!state_->input.image_root.empty())
        return (fs::path(state_->input.image_root) / path).string();
    const fs::path file = item.place.file;
    return item.place.file == "standard input" ? path : (file.parent_path() / path).string();
}

}  // namespace lip::shard
