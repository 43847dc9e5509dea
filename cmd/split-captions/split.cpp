#include "cmd/split-captions/split.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/file.h"
#include "record/stream.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace lip::cmd {
namespace {

using record::Caption;
using record::Record;

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

// Counts of one thread's records; merged under a lock.
struct Stats {
    std::uint64_t records = 0, captions = 0, sentences = 0;
    std::map<std::string, std::uint64_t> flags;
    using Histogram = std::map<std::uint64_t, std::uint64_t>;
    std::map<std::string, Histogram> words, sentences_per_caption;  // by source:form

    void add(const Record& record) {
        ++records;
        for (const Caption& caption : record.captions) {
            const std::string kind = caption.source + ":" + caption.form;
            ++captions;
            sentences += caption.sentences->size();
            ++sentences_per_caption[kind][caption.sentences->size()];
            for (std::size_t i = 0; i < caption.sentences->size(); ++i)
                ++words[kind][count_words(caption.sentence(i))];
            std::set<std::string> seen;
            if (caption.flags)
                for (const std::string& flag : *caption.flags)
                    if (seen.insert(flag.substr(0, flag.find('@'))).second)
                        ++flags[flag.substr(0, flag.find('@'))];
        }
    }
};

void append_histograms(std::string& out,
                       const std::map<std::string, Stats::Histogram>& histograms) {
    out += '{';
    for (const auto& [kind, histogram] : histograms) {
        if (out.back() != '{') out += ',';
        cli::append_json_string(out, kind);
        out += ":{";
        for (const auto& [value, count] : histogram) {
            if (out.back() != '{') out += ',';
            out += "\"" + std::to_string(value) + "\":" + std::to_string(count);
        }
        out += '}';
    }
    out += '}';
}

std::string to_json(const Stats& s) {
    std::string out = "{\"records\":" + std::to_string(s.records) +
                      ",\"captions\":" + std::to_string(s.captions) +
                      ",\"sentences\":" + std::to_string(s.sentences) + ",\"flags\":{";
    for (const auto& [flag, count] : s.flags) {
        if (out.back() != '{') out += ',';
        cli::append_json_string(out, flag);
        out += ":" + std::to_string(count);
    }
    out += "},\"words\":";
    append_histograms(out, s.words);
    out += ",\"sentences_per_caption\":";
    append_histograms(out, s.sentences_per_caption);
    return out + "}\n";
}

class Annotator {
public:
    explicit Annotator(const SplitCommand& options)
        : long_(split_options(options, true), abbreviations(options)),
          other_(split_options(options, false), abbreviations(options)),
          flags_(wanted_flags(options.flags)),
          keep_(options.keep_sentences) {}

    void operator()(Record& record) const {
        for (Caption& caption : record.captions) annotate(caption);
        if (!record.captions.empty()) record.update_captions();
    }

private:
    static text::Abbreviations abbreviations(const SplitCommand& options) {
        return options.abbreviations.empty()
                   ? text::Abbreviations::builtin()
                   : text::Abbreviations::with_file(options.abbreviations);
    }

    // Raw and short captions often have no period at all: only long ones can be cut off.
    static text::SplitOptions split_options(const SplitCommand& options, bool is_long) {
        text::SplitOptions split = options.split;
        split.drop_truncated &= is_long;
        split.min_words = static_cast<int>(options.min_words);
        return split;
    }

    static text::FlagSet wanted_flags(const std::vector<std::string>& names) {
        if (names.empty()) return text::kAllFlags;
        if (names.size() == 1 && names[0] == "none") return {};
        text::FlagSet wanted = 0;
        for (const std::string& name : names) {
            const auto bit = text::flag_bit(name);
            if (!bit) {
                std::string known = "none";
                for (const std::string_view word : text::flag_names())
                    known.append(", ").append(word);
                throw cli::UsageError("--flags: '" + name + "' is none of " + known);
            }
            wanted |= *bit;
        }
        return wanted;
    }

    void annotate(Caption& caption) const {
        if (keep_ && caption.sentences) return;
        const bool is_long = caption.form.empty() || caption.form == "long";
        // The release that was split already has lost what rules go by: its sentences stay.
        if (!(caption.sentences && caption.has_flag("presplit")))
            caption.sentences = (is_long ? long_ : other_).split(caption.text);
        std::vector<std::string> flags =
            text::detect_flags(caption.text, caption.form, *caption.sentences, flags_);
        // What an earlier step found of the bytes or the data set stays, in front and in its order.
        std::vector<std::string> kept;
        if (caption.flags)
            for (const std::string& flag : *caption.flags)
                if (!text::flag_bit(flag.substr(0, flag.find('@')))) kept.push_back(flag);
        flags.insert(flags.begin(), kept.begin(), kept.end());
        caption.flags = std::move(flags);
    }

    text::SentenceSplitter long_, other_;
    text::FlagSet flags_;
    bool keep_;
};

// A line of plain text as a record: one caption, the line number is the key.
Record record_of_line(const record::Line& line) {
    Record record;
    record.key = std::to_string(line.number);
    record.object.set_text("key", record.key);
    Caption caption;
    caption.text = text::replace_invalid_utf8(line.text).text;
    record.captions.push_back(std::move(caption));
    return record;
}

}  // namespace

int split_captions(const SplitCommand& options) {
    const bool lines_in = options.stream.input_format == "lines";
    const bool lines_out = options.format == "lines";
    const Annotator annotate(options);
    record::FilterIo io{options.stream, options.common.output, options.common.force,
                        options.common.thread_count(), options.stats != "-"};
    if (options.stats == "-" && options.common.output != "-")
        throw cli::UsageError("--stats - puts the counts in place of the records: -o " +
                              options.common.output + " would stay empty");
    if (options.common.dry_run) {
        record::resolve_inputs(options.stream.inputs);
        if (io.write_records) record::check_can_write(io.output, io.force);
        cli::info("would write " + std::string(lines_out ? "sentences" : "records") + " to " +
                  (io.output == "-" ? "standard output" : io.output));
        return cli::kDone;
    }
    if (!options.stats.empty()) record::check_can_write(options.stats, options.common.force);
    Stats stats;
    std::mutex mutex;
    const int code =
        record::filter_lines(io,
                             [&](const record::Line& line, std::string& out,
                                 std::string& key) -> std::optional<cli::Reject> {
                                 auto record = lines_in ? cli::Result<Record>(record_of_line(line))
                                                        : record::parse_record(line.text);
                                 if (!record) return record.reject();
                                 key = record->key;
                                 annotate(*record);
                                 if (!options.stats.empty()) {
                                     const std::lock_guard lock(mutex);
                                     stats.add(*record);
                                 }
                                 if (!lines_out) {
                                     record::append_json(out, *record);
                                     out += '\n';
                                     return std::nullopt;
                                 }
                                 for (const Caption& caption : record->captions)
                                     for (std::size_t i = 0; i < caption.sentences->size(); ++i) {
                                         std::string sentence(caption.sentence(i));
                                         std::replace(sentence.begin(), sentence.end(), '\n', ' ');
                                         out += sentence + '\n';
                                     }
                                 return std::nullopt;
                             });
    if (!options.stats.empty())
        record::write_file(options.stats, to_json(stats), options.common.force);
    return code;
}

}  // namespace lip::cmd
