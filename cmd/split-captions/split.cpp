#include "cmd/split-captions/split.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/split-captions/sources.h"
#include "cmd/split-captions/stats.h"
#include "record/data_path.h"
#include "record/file.h"
#include "record/stream.h"
#include "text/flags.h"
#include "text/phrases.h"
#include "text/utf8.h"

#include <algorithm>
#include <memory>
#include <mutex>

namespace lip::cmd {
namespace {

using record::Caption;
using record::Record;

class Annotator {
public:
    Annotator(const SplitCommand& options, const SourceFilter& sources)
        : sources_(sources),
          long_(split_options(options, true), abbreviations(options)),
          other_(split_options(options, false), abbreviations(options)),
          flags_(wanted_flags(options.flags)),
          keep_(options.keep_sentences),
          tags_in_record_(options.tagger == "tagged") {
        if (!options.phrases) return;
        const auto file = [](const std::string& given, std::string_view standard) {
            return given.empty() ? record::data_file(standard) : given;
        };
        std::optional<text::PerceptronTagger> tagger;
        if (!tags_in_record_)
            tagger = text::PerceptronTagger::from_file(file(options.weights, "tagger-en.json"));
        text::PhraseLists lists{text::read_word_list(file(options.stop_words, "words/stop.txt")),
                                text::read_word_list(file(options.web_words, "words/web.txt")),
                                static_cast<std::size_t>(options.max_phrases)};
        phrases_ = std::make_unique<text::PhraseFinder>(std::move(lists), std::move(tagger));
    }

    std::optional<cli::Reject> operator()(Record& record) const {
        bool changed = false;
        for (std::size_t i = 0; i < record.captions.size(); ++i) {
            Caption& caption = record.captions[i];
            if (!sources_.takes(caption)) continue;
            changed = true;
            annotate(caption);
            if (!phrases_) continue;
            if (!tags_in_record_)
                caption.phrases = phrases_->find(caption.text);
            else if (auto reject = use_tags(caption, i))
                return reject;
        }
        if (changed) record.update_captions();
        return std::nullopt;
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

    // Phrases by what an external tagger left in the caption.
    std::optional<cli::Reject> use_tags(Caption& caption, std::size_t number) const {
        const std::string place = "caption " + std::to_string(number);
        const std::string remedy =
            " (--tagger tagged needs \"tokens\" and \"tags\", two lists of strings of equal "
            "length)";
        std::vector<std::string> lists[2];
        const char* names[] = {"tokens", "tags"};
        for (int i = 0; i < 2; ++i) {
            const std::string* raw = caption.object.find(names[i]);
            if (!raw)
                return cli::Reject{"bad-record", place + " has no \"" + names[i] + "\"" + remedy};
            bool is_array = false;
            for (const std::string_view item : record::array_items(*raw, is_array))
                if (!record::read_text(item, lists[i].emplace_back()))
                    return cli::Reject{"bad-record", place + ": \"" + names[i] + "\" contains " +
                                                         std::string(item) + remedy};
            if (!is_array)
                return cli::Reject{"bad-record",
                                   place + ": \"" + names[i] + "\" is not a list" + remedy};
        }
        if (lists[0].size() != lists[1].size())
            return cli::Reject{"bad-record", place + ": " + std::to_string(lists[0].size()) +
                                                 " tokens and " + std::to_string(lists[1].size()) +
                                                 " tags" + remedy};
        caption.phrases = phrases_->find(lists[0], lists[1]);
        return std::nullopt;
    }

    const SourceFilter& sources_;
    text::SentenceSplitter long_, other_;
    text::FlagSet flags_;
    bool keep_, tags_in_record_;
    std::unique_ptr<const text::PhraseFinder> phrases_;  // null: no phrases wanted
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

// A line for each sentence.
void append_lines(std::string& out, const Caption& caption) {
    for (std::size_t i = 0; i < caption.sentences->size(); ++i) {
        std::string sentence(caption.sentence(i));
        std::replace(sentence.begin(), sentence.end(), '\n', ' ');
        out += sentence + '\n';
    }
}

}  // namespace

int split_captions(const SplitCommand& options) {
    const bool lines_in = options.stream.input_format == "lines";
    const bool lines_out = options.format == "lines";
    SourceFilter sources(options.sources);
    const Annotator annotate(options, sources);
    record::FilterIo io{options.stream, options.common.output, options.common.force,
                        options.common.thread_count(), options.stats != "-"};
    if (!options.tokenizer.empty() && options.stats.empty())
        throw cli::UsageError("--tokenizer needs --stats, for which it counts tokens");
    if (options.stats == "-" && options.common.output != "-")
        throw cli::UsageError("--stats - writes the counts in place of the records, so -o " +
                              options.common.output + " would stay empty");
    if (options.common.dry_run) {
        record::resolve_inputs(options.stream.inputs);
        if (io.write_records) record::check_can_write(io.output, io.force);
        cli::info("would write " + std::string(lines_out ? "sentences" : "records") + " to " +
                  (io.output == "-" ? "standard output" : io.output));
        return cli::kDone;
    }
    if (!options.stats.empty()) record::check_can_write(options.stats, options.common.force);
    const auto tokenizer = options.tokenizer.empty() ? std::unique_ptr<text::Tokenizer>()
                                                     : text::load_tokenizer(options.tokenizer);
    Stats stats(tokenizer.get());
    std::mutex mutex;
    io.at_end = [&sources] { sources.check(); };
    const int code = record::filter_lines(
        io,
        [&](const record::Line& line, std::string& out,
            std::string& key) -> std::optional<cli::Reject> {
            auto record = lines_in ? cli::Result<Record>(record_of_line(line))
                                   : record::parse_record(line.text);
            if (!record) return record.reject();
            key = record->key;
            if (auto reject = annotate(*record)) return reject;
            sources.note(*record);
            if (!options.stats.empty()) {
                Stats own(tokenizer.get());
                own.add(*record, sources);  // outside of the lock: tokens take time
                const std::lock_guard lock(mutex);
                stats.merge(own);
            }
            if (!lines_out) {
                record::append_json(out, *record);
                out += '\n';
                return std::nullopt;
            }
            for (const Caption& caption : record->captions)
                if (sources.takes(caption)) append_lines(out, caption);
            return std::nullopt;
        });
    if (!options.stats.empty())
        record::write_file(options.stats, stats.to_json(), options.common.force);
    return code;
}

}  // namespace lip::cmd
