#include "cmd/recaption-ingest/ingest.h"

#include "cli/log.h"
#include "cmd/recaption-ingest/marks.h"
#include "record/content.h"
#include "record/file.h"
#include "record/lines.h"
#include "record/ordered.h"
#include "record/pixel_regions.h"
#include "shard/caption_tars.h"
#include "shard/images.h"
#include "shard/picture_rows.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace lip::cmd {
namespace {

using namespace record;

constexpr std::size_t kRowsABlock = 256;

struct Counts {
    std::uint64_t records = 0, matched = 0, missing = 0, text_only = 0;
    std::uint64_t bare = 0;                         // records without captions, regions and labels
    std::map<std::string, std::uint64_t> captions;  // by source:form

    void add(const Record& record) {
        ++records;
        bare += record.captions.empty() && record.labels.empty() &&
                !record.object.find("regions") && !record.object.find("pixel_regions");
        for (const Caption& caption : record.captions)
            ++captions[caption.source + ":" + caption.form];
    }
    void add(const Counts& other) {
        records += other.records;
        bare += other.bare;
        text_only += other.text_only;
        matched += other.matched;
        missing += other.missing;
        for (const auto& [name, n] : other.captions) captions[name] += n;
    }
};

struct RowBlock {
    std::vector<Row> rows;
};

struct Converted {
    std::string output;
    struct Bad {
        std::size_t output_size;
        Place place;
        cli::Reject reject;
        std::string raw;
        bool is_cut;
    };
    std::vector<Bad> bad;
    std::size_t rows = 0;
    Counts counts;
};

Converted convert(const RowBlock& block, const RowReader& reader, const std::string& file) {
    Converted out;
    out.rows = block.rows.size();
    for (const Row& row : block.rows) {
        std::optional<cli::Reject> reject = row.reject;
        if (!reject) {
            auto record = reader.record(row);
            if (record) {
                out.counts.add(*record);
                append_json(out.output, *record);
                out.output += '\n';
            } else {
                reject = record.reject();
            }
        }
        if (reject && reject->word == kTextOnly)
            ++out.counts.text_only;
        else if (reject)
            out.bad.push_back({out.output.size(),
                               {file, row.line, row.offset, false, {}},
                               *reject,
                               row.raw.empty() && row.fields.size() == 1 ? row.fields[0] : row.raw,
                               row.is_cut && reject->word == "bad-json"});
    }
    return out;
}

// The images that captions are put on; their bytes are not looked at.
shard::ImageInput join_input(const IngestOptions& options) {
    shard::ImageInput input;
    input.stream = options.stream;
    input.stream.inputs = {options.join};
    input.stream.input_format.clear();
    input.need_images = false;
    return input;
}

class Ingest {
public:
    explicit Ingest(IngestOptions& options)
        : options_(options),
          inputs_(shard::caption_inputs(options.stream.inputs)),
          errors_(options.stream, options.common.force) {
        if (options.stats == "-" && options.common.output != "-")
            throw cli::UsageError("--stats - writes the counts in place of the records, so -o " +
                                  options.common.output + " would stay empty");
        if (options.stats != "-") output_.emplace(options.common.output, options.common.force);
        if (!options.stats.empty()) check_can_write(options.stats, options.common.force);
        if (options.mark_duplicates || !options.leak_check.empty())
            marks_.emplace(options, errors_);
    }

    int run() {
        if (options_.join.empty())
            for (const std::string& path : inputs_) convert_file(path);
        else
            join();
        if (counts_.text_only > 0)
            cli::info(std::to_string(counts_.text_only) + " entries without an image left out");
        // A list of images is made by --map alone.
        const record::ColumnMap& map = options_.import.map;
        const bool wants_captions = map.empty() || !map.captions.empty();
        if (wants_captions && counts_.records > 0 && counts_.bare == counts_.records)
            cli::warn(
                "none of the " + std::to_string(counts_.records) +
                " records has a caption (--caption SOURCE:FORM=COLUMN names a column of captions)");
        if (marks_)
            cli::info(std::to_string(marks_->duplicates()) + " captions are duplicates, " +
                      std::to_string(marks_->leaks()) + " leak");
        const int code = errors_.finish();
        if (output_) output_->close();
        if (!options_.stats.empty()) write_file(options_.stats, stats(), options_.common.force);
        return code;
    }

private:
    // Whole lines.
    void write(std::string_view lines) {
        if (lines.empty()) return;
        if (!marks_) {
            if (output_) output_->write(lines);
            return;
        }
        std::string marked;
        while (!lines.empty()) {
            const std::size_t end = lines.find('\n');
            auto record = parse_record(lines.substr(0, end));
            if (!record) throw cli::DataError(record.reject().message);
            marks_->apply(*record);
            append_json(marked, *record);
            marked += '\n';
            lines.remove_prefix(end + 1);
        }
        if (output_) output_->write(marked);
    }

    void convert_file(const std::string& path) {
        std::string format = options_.stream.input_format;
        const auto reader = open_any(path, options_.import, format);
        const std::string name = display_name(path);
        const auto produce = [&]() -> std::optional<RowBlock> {
            RowBlock block;
            Row row;
            while (block.rows.size() < kRowsABlock && taken_ < options_.stream.limit &&
                   reader->next(row)) {
                block.rows.push_back(std::move(row));
                row = {};
                ++taken_;
                if (reader->would_wait()) break;  // pass on what is there
            }
            if (block.rows.empty()) return std::nullopt;
            return block;
        };
        const auto commit = [&](Converted& done) {
            errors_.count_records(done.rows);
            std::size_t written = 0;
            for (const auto& bad : done.bad) {
                write(std::string_view(done.output).substr(written, bad.output_size - written));
                written = bad.output_size;
                if (bad.is_cut) throw_truncated_input(bad.place);
                errors_.report(bad.place, bad.reject, bad.raw);
            }
            write(std::string_view(done.output).substr(written));
            counts_.add(done.counts);
            progress_.update(errors_.records());
        };
        run_ordered<RowBlock, Converted>(
            options_.common.thread_count(), produce,
            [&](RowBlock& block) { return convert(block, *reader, name); }, commit);
    }

    void check_not_empty(std::uint64_t records, const std::string& path) const {
        if (records == 0 && !options_.stream.allow_empty) throw_no_records(display_name(path));
    }

    void join() {
        const JoinPart& part = options_.join_part;
        const CaptionIndex index(inputs_, options_.stream.input_format, options_.import,
                                 options_.join_on, part, errors_);
        rows_ = errors_.records();
        check_not_empty(rows_, inputs_.front());
        duplicates_ = index.duplicates();
        counts_.text_only = index.text_only();
        shard::ImageStream records(join_input(options_), errors_);
        shard::ImageRecord item;
        std::string line;
        while (records.next(item)) {
            Record& record = item.record;
            if (!part.holds(join_reference(record, options_.join_on))) continue;
            if (const auto captions = index.find(record)) {
                ++counts_.matched;
                for (const Caption& caption : captions->captions)
                    record.captions.push_back(caption);
                record.update_captions();
                for (const Object::Field& field : captions->object.fields)
                    if (!record.object.find(field.name)) record.object.fields.push_back(field);
                resolve_pixel_regions(record);
            } else {
                ++counts_.missing;
            }
            counts_.add(record);
            line.clear();
            append_json(line, record);
            line += '\n';
            write(line);
            progress_.update(counts_.records);
        }
        check_not_empty(errors_.records() - rows_, options_.join);
        // One part of many may well have no image with captions.
        const bool may_match_nothing = options_.stream.allow_empty || part.count > 1;
        cli::info("matched " + std::to_string(counts_.matched) + " of " +
                  std::to_string(counts_.records) + " records, " + std::to_string(counts_.missing) +
                  " without captions, " + std::to_string(duplicates_) + " duplicate rows");
        if (counts_.matched == 0 && rows_ > 0 && !may_match_nothing)
            throw cli::DataError(
                "no record of " + options_.join +
                " matches a caption (--join-on sets what is compared: url, key or path)");
    }

    std::string stats() const {
        std::string out =
            "{\"rows\":" + std::to_string(options_.join.empty() ? errors_.records() : rows_);
        out += ",\"records\":" + std::to_string(counts_.records);
        out += ",\"skipped\":" + std::to_string(errors_.skipped());
        if (!options_.join.empty())
            out += ",\"matched\":" + std::to_string(counts_.matched) +
                   ",\"missing\":" + std::to_string(counts_.missing) +
                   ",\"duplicates\":" + std::to_string(duplicates_);
        if (marks_)
            out += ",\"duplicate_captions\":" + std::to_string(marks_->duplicates()) +
                   ",\"leaking_captions\":" + std::to_string(marks_->leaks());
        out += ",\"captions\":{";
        for (const auto& [name, n] : counts_.captions) {
            if (out.back() != '{') out += ',';
            cli::append_json_string(out, name);
            out += ':' + std::to_string(n);
        }
        return out + "}}\n";
    }

    IngestOptions& options_;
    std::vector<std::string> inputs_;
    ErrorLog errors_;
    std::optional<Output> output_;
    cli::Progress progress_{"rows", "rows"};
    std::optional<Marks> marks_;
    Counts counts_;
    std::int64_t taken_ = 0;
    std::uint64_t rows_ = 0, duplicates_ = 0;  // of the caption files of a join
};

}  // namespace

std::unique_ptr<RowReader> open_any(const std::string& path, const ImportSettings& settings,
                                    std::string& format) {
    const auto tars = shard::tar_formats();
    if (path != "-" && std::filesystem::is_directory(path)) {
        if (!format.empty() && format != "image-folder")
            throw cli::DataError(path + ": a folder of pictures is no " + format);
        format = "image-folder";
        return shard::open_picture_folder(path, settings);
    }
    if (format == "image-folder")
        throw cli::DataError(display_name(path) + ": is no folder of pictures");
    auto source = std::make_unique<CaptionSource>(path);
    const bool named = std::ranges::any_of(tars, [&](const auto& t) { return t.name == format; });
    if (!named && !(format.empty() && content_of(source->head()).content == Content::kTar))
        return open_captions(std::move(source), settings, format);
    const std::string name = source->name();
    return shard::open_caption_tar(std::move(source), settings, name, format);
}

std::vector<FormatLine> all_formats() {
    std::vector<FormatLine> lines;
    for (const shard::TarFormat& format : shard::tar_formats())
        lines.push_back({format.name, format.summary});
    for (const CaptionFormat& format : caption_formats())
        lines.push_back({format.name, format.summary});
    return lines;
}

int ingest(IngestOptions& options) {
    if (options.list_formats) {
        std::string text;
        for (const FormatLine& format : all_formats())
            text.append(format.name).append("\t").append(format.summary).append("\n");
        Output("-", false).write(text);
        return cli::kDone;
    }
    options.import.max_line = options.stream.max_line;
    if (options.join.empty() && options.join_part.count > 1)
        throw cli::UsageError("--join-part needs --join");
    if (options.common.dry_run) {
        const auto inputs = shard::caption_inputs(options.stream.inputs);
        for (const std::string& path :
             {options.common.output, options.stats, options.stream.rejects})
            if (!path.empty()) check_can_write(path, options.common.force);
        if (!options.join.empty()) {
            ErrorLog errors(options.stream, true);
            const shard::ImageStream found(join_input(options), errors);
        }
        for (const std::string& path : inputs) {
            if (path == "-") continue;
            std::string format = options.stream.input_format;
            const auto reader = open_any(path, options.import, format);
            cli::info("would read " + path + " as " + format + ": " + reader->describe());
        }
        cli::info("would write " +
                  (options.common.output == "-" ? "standard output" : options.common.output));
        return cli::kDone;
    }
    return Ingest(options).run();
}

}  // namespace lip::cmd
