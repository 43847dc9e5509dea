// The formats of caption files, and what each is recognised by.
#include "record/columns.h"
#include "record/formats.h"
#include "record/shape.h"
#include "record/url.h"

namespace lip::record {
namespace {

// Two columns without a header: in the first row and nearly all others one is a URL.
bool is_url_column(const Shape& shape, std::size_t column) {
    if (shape.tab.empty() || shape.tab[0].size() != 2 || !is_url(shape.tab[0][column]))
        return false;
    std::size_t urls = 0;
    for (const auto& row : shape.tab) {
        if (row.size() != 2) return false;
        urls += is_url(row[column]);
    }
    return urls * 100 >= shape.tab.size() * 95;
}

// Records as this tool kit writes them.
bool is_record(const Shape& shape) {
    return shape.is_objects() && shape.has("key") && (shape.has("captions") || shape.has("record"));
}

// "1.jpg#0" in front of a tab.
bool is_numbered_image(std::string_view field) {
    const std::size_t hash = field.rfind('#');
    return hash != field.npos && hash > 0 && hash + 1 < field.size() &&
           field.find_first_not_of("0123456789", hash + 1) == field.npos;
}
bool is_flickr_tokens(const Shape& shape) {
    std::size_t numbered = 0;
    for (const auto& row : shape.tab) {
        if (row.size() != 2) return false;
        numbered += is_numbered_image(row[0]);
    }
    return numbered > 0 && numbered * 100 >= shape.tab.size() * 95;
}

// One list may be all of COCO's file that is in sight. Karpathy's has its captions in the images.
bool is_coco(const Shape& shape) {
    if (!shape.is_json() || (shape.document.empty() && !shape.has("images"))) return false;
    const auto images = inside(shape, "images"), annotations = inside(shape, "annotations");
    const auto says_something = [](const Shape& list) {
        return list.has("caption") || list.has("bbox") || list.has("segments_info");
    };
    if (annotations && (!annotations->has("image_id") || !says_something(*annotations)))
        return false;
    if (images && (!images->has("id") || images->has("sentences"))) return false;
    if (annotations && !images) return annotations->has("id") || shape.has("categories");
    return images && (images->has("file_name") || images->has("coco_url"));
}

constexpr CaptionFormat kFormats[] = {
    {"records", "records of this tool kit (JSONL)", is_record, open_records, "a key and captions"},
    {"dreamlip-csv",
     "DreamLIP release CSV: Image Path, raw_caption, short and long captions of three models",
     nullptr, nullptr},
    {"dreamlip-packed", "DreamLIP JSON arrays: ImagePath, RawCaption, IBCaptionShort, ...", nullptr,
     nullptr},
    {"dreamlip-json", "DreamLIP JSON, an object an image: ImagePath and the names of the CSV",
     nullptr, nullptr},
    {"recap-datacomp", "Recap-DataComp-1B: url, re_caption, org_caption", nullptr, nullptr},
    {"pixelprose", "PixelProse: url, vlm_caption with its source in vlm_model, original_caption",
     nullptr, nullptr},
    {"llavanext-jsonl", "CC12M with LLaVA-NeXT captions: url, caption_llava, caption_llava_short",
     nullptr, nullptr},
    {"docci", "DOCCI: example_id, image_file, description", nullptr, nullptr},
    {"dci", "DCI, an object an image: image, short_caption, extra_caption, mask_data as regions",
     [](const Shape& s) { return s.is_objects() && has_columns(*find_release("dci"), s.names); },
     open_dci, "columns \"image\", \"short_caption\", \"extra_caption\""},
    {"iiw", "ImageInWords: IIW, IIW-P5B, DOCCI, image/key", nullptr, nullptr},
    {"detailcaps", "DetailCaps: image, GT_Caption_GPT4V, GT_Caption_GPT4O, ...", nullptr, nullptr},
    {"yfcc15m", "YFCC15M rows: downloadurl, title, description", nullptr, nullptr},
    {"yfcc15m-tokens", "YFCC15M with texts as CLIP's token ids: images, texts; needs --vocabulary",
     [](const Shape& s) { return s.is_objects() && s.has("images") && s.has("texts"); },
     open_token_ids, "fields \"images\" and \"texts\""},
    {"img2dataset-table", "img2dataset's tables of a download: url, caption, key, status", nullptr,
     nullptr},
    {"conversations",
     "ShareGPT4V, LLaVA: image and conversations, or images and messages; the first answer is the "
     "caption",
     [](const Shape& s) {
         return s.is_objects() && (s.has("conversations") || (s.has("messages") && !s.has("key")));
     },
     open_conversations, "a field \"conversations\" or \"messages\""},
    {"grit", "GRIT: url, caption, noun_chunks and ref_exps as regions",
     [](const Shape& s) { return s.is_objects() && s.has("noun_chunks"); }, open_grit,
     "a field \"noun_chunks\""},
    {"visual-genome", "Visual Genome regions: id and regions, width and height if they are there",
     [](const Shape& s) { return s.is_objects() && s.has("regions") && !s.has("key"); },
     open_visual_genome, "a field \"regions\" and no key"},
    {"coco", "COCO: images and annotations, captions or boxes; LVIS, panoptic segments, MDETR's",
     is_coco, open_coco, "\"images\" and \"annotations\""},
    {"refcoco", "RefCOCO, RefCOCO+, RefCOCOg as JSON: expressions, for --join with COCO's boxes",
     [](const Shape& s) { return s.is_objects() && s.has("ann_id") && s.has("sentences"); },
     open_refcoco, "fields \"ann_id\" and \"sentences\""},
    {"karpathy", "Karpathy's splits of COCO and Flickr30k: images with sentences",
     [](const Shape& s) {
         const auto images = inside(s, "images");
         return s.is_json() && (s.has("sentences") || (images && images->has("sentences")));
     },
     open_karpathy, "images with \"sentences\""},
    {"urban1k", "Urban-1k, DOCCI and IIW for retrieval: image_id, image, caption, long ones",
     nullptr, nullptr},
    {"blip", "BLIP's coco_karpathy_train.json and others: image_id, image, caption, short ones",
     nullptr, nullptr},
    {"flickr", "Flickr8k, Flickr30k, BLIP: image, caption (short; a text or a list)", nullptr,
     nullptr},
    {"open-clip-csv", "open_clip's training tables: filepath, title", nullptr, nullptr},
    {"flickr30k-csv", "Flickr30k's results.csv: image_name| comment_number| comment", nullptr,
     open_flickr30k_csv},
    {"flickr-tokens", "Flickr8k.token.txt: image#number, tab, caption", is_flickr_tokens,
     open_flickr_tokens, "image#number in front of a tab"},
    {"redcaps", "RedCaps annotations: image_id, url, caption, raw_caption, subreddit", nullptr,
     nullptr},
    {"textcaps", "TextCaps: image_id, image_path, caption_str", nullptr, nullptr},
    {"sbu", "SBU captions, an object of columns: image_urls, captions; read as a whole",
     [](const Shape& s) {
         return !s.document.empty() && has_columns(*find_release("sbu"), s.names);
     },
     open_sbu, "the columns \"image_urls\", \"captions\""},
    {"localized-narratives", "Localized Narratives: dataset_id, image_id, caption, timed_caption",
     nullptr, nullptr},
    {"folder-metadata", "metadata.jsonl or .csv of a folder of images: file_name, text or caption",
     nullptr, nullptr},
    {"recap-long", "Recap-Long-LAION and -COYO: a URL and long captions of several models", nullptr,
     nullptr},
    {"laion", "LAION, COYO, DataComp and other tables of the web: url, text or caption", nullptr,
     nullptr},
    {"cc3m", "Conceptual Captions 3M: caption, tab, URL",
     [](const Shape& s) { return is_url_column(s, 1) && !is_url_column(s, 0); }, open_cc3m,
     "two columns, the second of URLs"},
    {"cc12m", "Conceptual 12M: URL, tab, caption",
     [](const Shape& s) { return is_url_column(s, 0) && !is_url_column(s, 1); }, open_cc12m,
     "two columns, the first of URLs"},
    {"csv", "text with a header and a delimiter; needs --map and --caption", nullptr, open_csv},
    {"tsv", "tab-separated text with a header; needs --map and --caption", nullptr, open_tsv},
    {"jsonl", "JSON objects, a line each or in an array; needs --map and --caption", nullptr,
     open_jsonl},
    {"parquet", "Parquet with the columns of a release, or any with --map and --caption", nullptr,
     open_jsonl},
};

}  // namespace

std::span<const CaptionFormat> caption_formats() {
    return kFormats;
}

}  // namespace lip::record
