// The columns of known caption releases.
#include "record/columns.h"

namespace lip::record {
namespace {

using enum Role;

// DreamLIP: its JSON has one object an image with the names of the CSV; older files hold fewer, and
// some copies of the CSV use other names.
constexpr KnownColumn kDreamlipNames[] = {
    {"ImagePath", kReference},
    {"raw_caption", kCaption, "raw", "raw"},
    {"shortIB_captions", kCaption, "instructblip", "short"},
    {"longIB_captions", kCaption, "instructblip", "long"},
    {"shortSV_captions", kCaption, "sharegpt4v", "short"},
    {"longSV_captions", kCaption, "sharegpt4v", "long"},
    {"shortLLA_captions", kCaption, "llava15", "short"},
    {"longLLA_captions", kCaption, "llava15", "long"},
    {"Image Path", kReference},
    {"Image Url", kUrl},
    {"caption", kCaption, "raw", "raw"},
    {"short_caption_0", kCaption, "caption_0", "short"},
    {"short_caption_1", kCaption, "caption_1", "short"},
    {"short_caption_2", kCaption, "caption_2", "short"},
    {"long_caption_0", kCaption, "caption_0", "long"},
    {"long_caption_1", kCaption, "caption_1", "long"},
    {"long_caption_2", kCaption, "caption_2", "long"},
};
constexpr std::span<const KnownColumn> kDreamlipJsonColumns = std::span(kDreamlipNames).first(8);
constexpr std::span<const KnownColumn> kDreamlipColumns = std::span(kDreamlipNames).subspan(1);
constexpr std::string_view kDreamlipNeeds[] = {"Image Path"};
constexpr std::string_view kDreamlipJsonNeeds[] = {"ImagePath"};

// The packed arrays have names of their own.
constexpr KnownColumn kDreamlipPackedColumns[] = {
    {"ImagePath", kReference},
    {"RawCaption", kCaption, "raw", "raw"},
    {"IBCaptionShort", kCaption, "instructblip", "short"},
    {"IBCaptionLong", kCaption, "instructblip", "long"},
    {"LLACaptionShort", kCaption, "llava15", "short"},
    {"LLACaptionLong", kCaption, "llava15", "long"},
    {"SVCaptionShort", kCaption, "sharegpt4v", "short"},
    {"SVCaptionLong", kCaption, "sharegpt4v", "long"},
};
constexpr std::string_view kDreamlipPackedNeeds[] = {"ImagePath", "RawCaption"};

constexpr KnownColumn kDatacompColumns[] = {
    {"url", kUrl},
    {"key", kKey},
    {"re_caption", kCaption, "llava-llama3", "long"},
    {"org_caption", kCaption, "raw", "raw"},
};
constexpr std::string_view kDatacompNeeds[] = {"url", "re_caption", "org_caption"};

constexpr KnownColumn kPixelproseColumns[] = {
    {"url", kUrl},
    {"key", kKey},
    {"uid", kKey},
    {"vlm_caption", kCaption, "gemini", "long", /*source_from=*/"vlm_model"},
    {"original_caption", kCaption, "raw", "raw"},
    {"image_width", kWidth},
    {"image_height", kHeight},
};
constexpr std::string_view kPixelproseNeeds[] = {"url", "vlm_caption"};

constexpr KnownColumn kDocciColumns[] = {
    {"example_id", kKey},
    {"image_file", kImage},
    {"description", kCaption, "human", "long"},
};
constexpr std::string_view kDocciNeeds[] = {"example_id", "image_file", "description"};

constexpr KnownColumn kIiwColumns[] = {
    {"image/key", kKey},
    {"ex_id", kKey},
    {"image", kImage},
    {"image-url", kUrl},
    {"IIW", kCaption, "human", "long"},
    {"IIW-P5B", kCaption, "iiw-p5b", "long"},
    {"DOCCI", kCaption, "docci", "long"},
};
// Parts of the release have one of them only.
constexpr std::string_view kIiwOneOf[] = {"IIW", "IIW-P5B"};
// A list of objects with their boxes in thousandths of the image.
constexpr std::string_view kIiwRegions =
    "yxyx/1000=objects.normalized_coords:objects.description:objects.label";

constexpr KnownColumn kDetailcapsColumns[] = {
    {"image", kImage},
    {"GT_Caption_GPT4V", kCaption, "gpt4v", "long"},
    {"GT_Caption_GPT4O", kCaption, "gpt4o", "long"},
    {"GT_Caption_Gemini15Pro", kCaption, "gemini15pro", "long"},
};
constexpr std::string_view kDetailcapsNeeds[] = {"image", "GT_Caption_GPT4V"};

constexpr KnownColumn kLlavanextColumns[] = {
    {"key", kKey},
    {"url", kUrl},
    {"caption_llava", kCaption, "llava-next", "long"},
    {"caption_llava_short", kCaption, "llava-next", "short"},
    {"caption", kCaption, "raw", "raw"},
};
constexpr std::string_view kLlavanextNeeds[] = {"url", "caption_llava"};

constexpr KnownColumn kYfccColumns[] = {
    {"key", kKey},
    {"photoid", kKey},
    {"downloadurl", kUrl},
    {"title", kCaption, "raw", "raw"},
    {"description", kCaption, "raw", "raw"},
};
constexpr std::string_view kYfccNeeds[] = {"downloadurl", "title", "description"};

// What img2dataset writes beside its tars: a row for each URL, also for those that are gone.
constexpr KnownColumn kDownloadColumns[] = {
    {"key", kKey},     {"url", kUrl},       {"caption", kCaption, "raw", "raw"},
    {"width", kWidth}, {"height", kHeight},
};
constexpr std::string_view kDownloadNeeds[] = {"url", "caption", "key", "status"};

constexpr KnownColumn kUrban1kColumns[] = {
    {"image", kImage},
    {"caption", kCaption, "gpt4v", "long"},
};
constexpr std::string_view kUrban1kNeeds[] = {"image", "image_id", "caption"};

constexpr KnownColumn kFlickrColumns[] = {
    {"image", kImage},
    {"caption", kCaption, "human", "short"},
};
constexpr std::string_view kFlickrNeeds[] = {"image", "caption"};

// What open_clip's --dataset-type csv reads, by its own names of columns.
constexpr KnownColumn kOpenClipColumns[] = {
    {"filepath", kImage},
    {"title", kCaption, "raw", "raw"},
};
constexpr std::string_view kOpenClipNeeds[] = {"filepath", "title"};

// What Kaggle calls results.csv.
constexpr KnownColumn kFlickr30kColumns[] = {
    {"image_name", kImage},
    {"comment", kCaption, "human", "short"},
};
constexpr std::string_view kFlickr30kNeeds[] = {"image_name", "comment_number", "comment"};

constexpr KnownColumn kRedcapsColumns[] = {
    {"image_id", kKey},
    {"url", kUrl},
    {"caption", kCaption, "raw", "raw"},
};
constexpr std::string_view kRedcapsNeeds[] = {"url", "caption", "raw_caption", "subreddit"};

constexpr KnownColumn kTextcapsColumns[] = {
    {"image_id", kKey},
    {"image_path", kImage},
    {"image_width", kWidth},
    {"image_height", kHeight},
    {"caption_str", kCaption, "human", "short"},
};
constexpr std::string_view kTextcapsNeeds[] = {"image_id", "caption_str"};

constexpr KnownColumn kSbuColumns[] = {
    {"image_urls", kUrl},
    {"captions", kCaption, "raw", "raw"},
};
constexpr std::string_view kSbuNeeds[] = {"image_urls", "captions"};

constexpr KnownColumn kNarrativesColumns[] = {
    {"image_id", kKey},
    {"caption", kCaption, "human", "long"},
};
constexpr std::string_view kNarrativesNeeds[] = {"dataset_id", "image_id", "caption",
                                                 "timed_caption"};

// metadata.jsonl or metadata.csv beside the pictures of a folder, as Hugging Face has it. Nothing
// says who wrote the texts.
constexpr KnownColumn kFolderColumns[] = {
    {"file_name", kImage},
    {"text", kCaption, "raw", "raw"},
    {"caption", kCaption, "raw", "raw"},
};
constexpr std::string_view kFolderNeeds[] = {"file_name"};
constexpr std::string_view kFolderOneOf[] = {"text", "caption"};

// Tables of the web: LAION, COYO, DataComp, COCO for img2dataset, CC12M with names.
constexpr KnownColumn kWebColumns[] = {
    {"key", kKey},       {"uid", kKey},
    {"url", kUrl},       {"text", kCaption, "raw", "raw"},
    {"width", kWidth},   {"caption", kCaption, "raw", "raw"},
    {"height", kHeight},
};
constexpr std::string_view kWebNeeds[] = {"url"};
constexpr std::string_view kWebOneOf[] = {"text", "caption"};

constexpr KnownColumn kDciColumns[] = {
    {"image", kImage},
    {"short_caption", kCaption, "human", "short"},
    {"extra_caption", kCaption, "human", "long"},
};
constexpr std::string_view kDciNeeds[] = {"image", "short_caption", "extra_caption"};

constexpr Release kReleases[] = {
    {"dreamlip-csv", kDreamlipNeeds, kDreamlipColumns},
    {"dreamlip-packed", kDreamlipPackedNeeds, kDreamlipPackedColumns},
    {"dreamlip-json", kDreamlipJsonNeeds, kDreamlipJsonColumns},
    {"recap-datacomp", kDatacompNeeds, kDatacompColumns},
    {"pixelprose", kPixelproseNeeds, kPixelproseColumns},
    {"docci", kDocciNeeds, kDocciColumns},
    {"iiw", {}, kIiwColumns, false, kIiwOneOf, Release::Length::kAny, kIiwRegions},
    {"detailcaps", kDetailcapsNeeds, kDetailcapsColumns},
    {"llavanext-jsonl", kLlavanextNeeds, kLlavanextColumns},
    {"yfcc15m", kYfccNeeds, kYfccColumns},
    {"img2dataset-table", kDownloadNeeds, kDownloadColumns},
    {"dci", kDciNeeds, kDciColumns},
    {"urban1k", kUrban1kNeeds, kUrban1kColumns, false, {}, Release::Length::kLong},
    {"blip", kUrban1kNeeds, kFlickrColumns, false, {}, Release::Length::kShort},
    {"flickr", kFlickrNeeds, kFlickrColumns, false, {}, Release::Length::kShort},
    {"open-clip-csv", kOpenClipNeeds, kOpenClipColumns},
    {"flickr30k-csv", kFlickr30kNeeds, kFlickr30kColumns},
    {"redcaps", kRedcapsNeeds, kRedcapsColumns},
    {"textcaps", kTextcapsNeeds, kTextcapsColumns},
    {"sbu", kSbuNeeds, kSbuColumns},
    {"localized-narratives", kNarrativesNeeds, kNarrativesColumns},
    {"folder-metadata", kFolderNeeds, kFolderColumns, false, kFolderOneOf},
    {"recap-long", {}, {}, /*guess=*/true},
    {"laion", kWebNeeds, kWebColumns, false, kWebOneOf, Release::Length::kAny, {}, /*yields=*/true},
};

}  // namespace

std::span<const Release> releases() {
    return kReleases;
}

}  // namespace lip::record
