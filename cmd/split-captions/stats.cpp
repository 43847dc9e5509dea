#include "cmd/split-captions/stats.h"

#include "cli/log.h"

#include <limits>
#include <set>

namespace lip::cmd {
namespace {

std::uint64_t count_words(std::string_view text) {
    std::uint64_t words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        words += !space && !inside;
        inside = !space;
    }
    return words;
}

// Adds a comma unless something has just been opened.
void separate(std::string& out) {
    if (out.back() != '{') out += ',';
}

void append_histogram(std::string& out, const std::map<std::uint64_t, std::uint64_t>& histogram) {
    out += '{';
    for (const auto& [value, count] : histogram) {
        separate(out);
        out += "\"" + std::to_string(value) + "\":" + std::to_string(count);
    }
    out += '}';
}

void append_histograms(
    std::string& out, std::string_view name,
    const std::map<std::string, std::map<std::uint64_t, std::uint64_t>>& histograms) {
    out.append(",\"").append(name).append("\":{");
    for (const auto& [kind, histogram] : histograms) {
        separate(out);
        cli::append_json_string(out, kind);
        out += ':';
        append_histogram(out, histogram);
    }
    out += '}';
}

}  // namespace

void Stats::add(const record::Record& record, const SourceFilter& sources) {
    ++records_;
    for (const record::Caption& caption : record.captions) {
        if (!sources.takes(caption)) continue;
        const std::string kind = caption.source + ":" + caption.form;
        ++captions_;
        sentences_ += caption.sentences->size();
        if (caption.phrases) phrases_ += caption.phrases->size();
        ++sentences_per_caption_[kind][caption.sentences->size()];
        for (std::size_t i = 0; i < caption.sentences->size(); ++i)
            ++words_[kind][count_words(caption.sentence(i))];
        if (tokenizer_) {
            constexpr std::int64_t kUncut = std::numeric_limits<std::int32_t>::max();
            ++tokens_[kind][tokenizer_->encode(caption.text, kUncut).size()];
        }
        std::set<std::string> seen;
        if (caption.flags)
            for (const std::string& flag : *caption.flags)
                if (seen.insert(flag.substr(0, flag.find('@'))).second)
                    ++flags_[flag.substr(0, flag.find('@'))];
    }
}

void Stats::merge(const Stats& other) {
    records_ += other.records_;
    captions_ += other.captions_;
    sentences_ += other.sentences_;
    phrases_ += other.phrases_;
    for (const auto& [flag, count] : other.flags_) flags_[flag] += count;
    const auto merge_histograms = [](Histograms& into, const Histograms& from) {
        for (const auto& [kind, histogram] : from)
            for (const auto& [value, count] : histogram) into[kind][value] += count;
    };
    merge_histograms(words_, other.words_);
    merge_histograms(tokens_, other.tokens_);
    merge_histograms(sentences_per_caption_, other.sentences_per_caption_);
}

std::string Stats::to_json() const {
    std::string out = "{\"records\":" + std::to_string(records_) +
                      ",\"captions\":" + std::to_string(captions_) +
                      ",\"sentences\":" + std::to_string(sentences_) +
                      ",\"phrases\":" + std::to_string(phrases_) + ",\"flags\":{";
    for (const auto& [flag, count] : flags_) {
        separate(out);
        cli::append_json_string(out, flag);
        out += ":" + std::to_string(count);
    }
    out += '}';
    append_histograms(out, "words", words_);
    if (tokenizer_) append_histograms(out, "tokens", tokens_);
    append_histograms(out, "sentences_per_caption", sentences_per_caption_);
    return out + "}\n";
}

}  // namespace lip::cmd
