#include "record/formats.h"

#include "cli/log.h"
#include "record/lines.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr CaptionFormat kFormats[] = {
    {"dreamlip-csv",
     "DreamLIP release CSV: Image Path, raw_caption, short and long captions of three models",
     is_dreamlip_csv, open_dreamlip_csv},
    {"records", "records of this tool kit (JSONL)", is_records, open_records},
    {"csv", "comma-separated text with a header; needs --map and --caption", nullptr, open_csv},
    {"tsv", "tab-separated text with a header; needs --map and --caption", nullptr, open_tsv},
    {"jsonl", "a JSON object a line; needs --map and --caption", nullptr, open_jsonl},
};

constexpr std::size_t kHeadBytes = 1 << 16;

// A source whose beginning has been looked at.
class Peeked final : public ByteSource {
public:
    explicit Peeked(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
    // Reads ahead until a whole line or kHeadBytes are there.
    std::string_view head() {
        std::string block(kHeadBytes, '\0');
        while (head_.size() < kHeadBytes && head_.find('\n') == head_.npos) {
            const std::size_t n = source_->read(block.data(), kHeadBytes - head_.size());
            if (n == 0) break;
            head_.append(block, 0, n);
        }
        return head_;
    }
    std::size_t read(char* to, std::size_t size) override {
        if (at_ == head_.size()) return source_->read(to, size);
        const std::size_t n = head_.copy(to, size, at_);
        at_ += n;
        return n;
    }
    bool would_wait() override { return at_ == head_.size() && source_->would_wait(); }

private:
    std::unique_ptr<ByteSource> source_;
    std::string head_;
    std::size_t at_ = 0;
};

const CaptionFormat* find_format(std::string_view name) {
    const auto at = std::find_if(std::begin(kFormats), std::end(kFormats),
                                 [&](const CaptionFormat& format) { return format.name == name; });
    return at == std::end(kFormats) ? nullptr : at;
}

std::pair<std::string, std::string> split_at_equals(const std::string& text, const char* form) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos || equals + 1 == text.size())
        throw cli::UsageError("'" + text + "' is not of the form " + form);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

std::span<const CaptionFormat> caption_formats() {
    return kFormats;
}

void ColumnMap::add_field(const std::string& text) {
    auto [field, column] = split_at_equals(text, "--map FIELD=COLUMN");
    constexpr std::string_view kFields[] = {"key", "image", "url", "width", "height", "label"};
    if (std::find(std::begin(kFields), std::end(kFields), field) == std::end(kFields))
        throw cli::UsageError("--map: '" + field +
                              "' is none of key, image, url, width, height, label");
    fields.emplace_back(std::move(field), std::move(column));
}

void ColumnMap::add_caption(const std::string& text) {
    auto [what, column] = split_at_equals(text, "--caption SOURCE:FORM=COLUMN");
    const std::size_t colon = what.find(':');
    const std::string form = colon == what.npos ? "long" : what.substr(colon + 1);
    captions.push_back({what.substr(0, colon), form, column});
}

std::unique_ptr<RowReader> open_captions(const std::string& path, const ImportSettings& settings,
                                         std::string& format) {
    auto peeked = std::make_unique<Peeked>(open_bytes(path));
    const std::string name = display_name(path);
    const CaptionFormat* found = nullptr;
    if (!format.empty()) {
        found = find_format(format);
    } else {
        std::string_view head = peeked->head();
        if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
        if (head.empty()) return open_records(std::move(peeked), settings, name);
        std::string tried;
        for (const CaptionFormat& candidate : kFormats) {
            if (!candidate.matches) continue;
            if (candidate.matches(head)) {
                found = &candidate;
                break;
            }
            tried.append(tried.empty() ? "" : ", ").append(candidate.name);
        }
        if (!found)
            throw cli::DataError(name + ": the format is not recognised (tried " + tried +
                                 "; name it with --input-format, --list-formats lists them)");
        format = found->name;
    }
    auto reader = found->open(std::move(peeked), settings, name);
    cli::verbose(name + ": " + std::string(found->name) + ": " + reader->describe());
    return reader;
}

void add_caption(Record& record, std::string_view words, std::string source, std::string form) {
    if (text::is_missing_caption(words)) return;
    Caption caption;
    caption.source = std::move(source);
    caption.form = std::move(form);
    text::Repaired repaired = text::replace_invalid_utf8(words);
    caption.text = std::move(repaired.text);
    if (repaired.changed) caption.flags = {"invalid_utf8"};
    record.captions.push_back(std::move(caption));
}

bool set_reference(Record& record, std::string_view given_key, std::string_view url,
                   std::string_view path, const ImportSettings& settings) {
    const bool by_path = settings.key == ImportSettings::Key::kPath;
    const std::string_view reference = by_path || url.empty() ? path : url;
    if (settings.key == ImportSettings::Key::kAuto && !given_key.empty())
        record.key = settings.key_prefix + std::string(given_key);
    else if (!reference.empty())
        record.key = settings.key_prefix + reference_key(reference);
    if (record.key.empty()) return false;
    record.key = text::replace_invalid_utf8(record.key).text;
    record.url = text::replace_invalid_utf8(url).text;
    record.image = text::replace_invalid_utf8(path).text;
    record.object.set_text("key", record.key);
    if (!record.image.empty()) record.object.set_text("image", record.image);
    if (!record.url.empty()) record.object.set_text("url", record.url);
    return true;
}

}  // namespace lip::record
