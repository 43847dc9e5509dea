#include "cmd/recaption-ingest/ingest.h"

#include "cli/log.h"
#include "cmd/recaption-ingest/convert.h"
#include "cmd/recaption-ingest/marks.h"
#include "cmd/recaption-ingest/mask_files.h"
#include "cmd/recaption-ingest/report.h"
#include "record/file.h"
#include "record/lines.h"
#include "record/ordered.h"
#include "record/pixel_regions.h"
#include "shard/images.h"
#include "shard/picture_rows.h"

#include <algorithm>
#include <functional>
#include <map>

namespace lip::cmd {
namespace {

using namespace record;

constexpr std::size_t kRowsABlock = 256;

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
          errors_(options.stream, options.common.force),
          masks_(options.mask_dir, options.masks, options.common.force) {
        if (options.stats == "-" && options.common.output != "-")
            throw cli::UsageError("--stats - writes the counts in place of the records, so -o " +
                                  options.common.output + " would stay empty");
        if (options.stats != "-") output_.emplace(options.common.output, options.common.force);
        if (!options.stats.empty()) check_can_write(options.stats, options.common.force);
        if (options.mark_duplicates || !options.leak_check.empty())
            marks_.emplace(options, errors_);
    }

    int run() {
        if (!options_.join.empty())
            join();
        else if (options_.group == Group::kAll)
            convert_by_index();
        else
            for (const std::string& path : inputs_) convert_file(path);
        flush(gatherer_.finish());
        counts_.group.add(gatherer_.counts());
        report(options_, counts_, repeated_, errors_.skipped());
        report_masks(options_, masks_);
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

    // A record that is complete.
    void flush(std::optional<Record> record) {
        if (!record) return;
        counts_.add(*record);
        repeated_ += keys_.came_before(KeyMemory::hash(record->key));
        std::string line;
        append_json(line, *record);
        write(line + '\n');
    }

    bool stops_at_bad() const {
        return !options_.stream.skip_bad && options_.stream.rejects.empty();
    }

    void commit(Converted& done) {
        if (options_.group != Group::kAll) errors_.count_records(done.rows);
        if (done.first) flush(gatherer_.add(std::move(*done.first)));
        if (done.last) {
            flush(gatherer_.finish());
            for (const std::uint64_t hash : done.middle_keys) repeated_ += keys_.came_before(hash);
            write(done.middle);
            flush(gatherer_.add(std::move(*done.last)));
        }
        counts_.add(done.counts);
        // What came before a bad row is written, whatever becomes of the run.
        const bool is_bad = !done.bad.empty() && stops_at_bad();
        if (is_bad || options_.group == Group::kOff) flush(gatherer_.finish());
        for (const auto& bad : done.bad) {
            if (bad.is_cut) throw_truncated_input(bad.place, bad.reject);
            if (bad.is_part)
                errors_.report_part(bad.place, bad.reject, bad.raw);
            else
                errors_.report(bad.place, bad.reject, bad.raw);
        }
        progress_.update(errors_.records());
    }

    void run_blocks(const std::function<std::optional<RowBlock>()>& produce) {
        const ConvertSettings settings{options_.group != Group::kOff, stops_at_bad(),
                                       options_.import.max_line, &where_, &masks_};
        run_ordered<RowBlock, Converted>(
            options_.common.thread_count(), produce,
            [&](RowBlock& block) { return convert(block, settings); },
            [&](Converted& done) { commit(done); });
    }

    void convert_file(const std::string& path) {
        std::string format = options_.stream.input_format;
        const auto reader = open_any(path, options_.import, format);
        const auto before = counts_.unused;
        const auto taken = taken_;
        masks_.write_classes(reader->classes());
        run_blocks([&]() -> std::optional<RowBlock> {
            RowBlock block{reader.get(), display_name(path), {}, nullptr, {}};
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
        });
        counts_.orphans += reader->orphans();
        if (taken_ == taken && taken_ < options_.stream.limit && inputs_.size() > 1)
            cli::warn(display_name(path) + ": holds no records");
        report_unused(display_name(path), before, counts_.unused);
    }

    // Reads all rows once to find those of one key, and then again in the order of the keys.
    void convert_by_index() {
        WhereCounts left_out;
        RowIndex index(
            inputs_, options_.stream.input_format, options_.import, "--group all",
            [&](const Record& record) {
                return where_.empty() || where_.takes(record, left_out) ? record.key
                                                                        : std::string();
            },
            errors_, options_.stream.limit);
        counts_.where.add(left_out);
        counts_.text_only = index.text_only();
        counts_.orphans = index.orphans();
        for (const auto& names : index.classes()) masks_.write_classes(names);
        index.order_by_first();
        std::span<const RowIndex::Entry> rest = index.entries();
        run_blocks([&]() -> std::optional<RowBlock> {
            if (rest.empty()) return std::nullopt;
            const std::size_t n = std::min(rest.size(), kRowsABlock);
            RowBlock block{nullptr, {}, {}, &index, rest.first(n)};
            rest = rest.subspan(n);
            return block;
        });
    }

    void check_not_empty(std::uint64_t records, const std::string& path) const {
        if (records == 0 && !options_.stream.allow_empty) throw_no_records(display_name(path));
    }

    void join() {
        const JoinPart& part = options_.join_part;
        const CaptionIndex index(inputs_, options_.stream.input_format, options_.import,
                                 options_.join_on, part, errors_, where_);
        rows_ = errors_.records();
        check_not_empty(rows_, inputs_.front());
        duplicates_ = index.duplicates();
        counts_.text_only = index.text_only();
        counts_.orphans = index.orphans();
        for (const auto& names : index.classes()) masks_.write_classes(names);
        counts_.where.add(index.where_counts());
        shard::ImageStream records(join_input(options_), errors_);
        shard::ImageRecord item;
        std::string line;
        while (records.next(item)) {
            Record& record = item.record;
            if (!part.holds(join_reference(record, options_.join_on))) continue;
            if (const auto captions = index.find(record, counts_.group)) {
                ++counts_.matched;
                for (const Caption& caption : captions->captions)
                    record.captions.push_back(caption);
                record.update_captions();
                for (const Object::Field& field : captions->object.fields)
                    if (looks_like_caption(field)) ++counts_.unused[field.name];
                for (const Object::Field& field : captions->object.fields)
                    if (!record.object.find(field.name)) record.object.fields.push_back(field);
                resolve_region_texts(record);
                resolve_pixel_regions(record);
                masks_.add_to(record);
                for (const BadPart& bad : record.bad_parts)
                    errors_.report_part(item.place, bad.reject, bad.raw);
                counts_.empty_boxes += record.empty_boxes;
            } else {
                ++counts_.missing;
            }
            counts_.add(record);
            repeated_ += keys_.came_before(KeyMemory::hash(record.key));
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
                  " without captions, " + std::to_string(duplicates_) +
                  " rows of an image that had one before");
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
        out += ",\"skipped_parts\":" + std::to_string(errors_.parts());
        if (!where_.empty()) out += ",\"left_out\":" + std::to_string(counts_.where.left_out);
        if (!options_.mask_dir.empty() || !options_.masks.empty())
            out += ",\"with_masks\":" + std::to_string(masks_.count());
        out += ",\"with_regions\":" + std::to_string(counts_.with_regions);
        for (const auto& [name, n] :
             {std::pair("without_image", counts_.text_only),
              std::pair("empty_boxes", counts_.empty_boxes), std::pair("orphans", counts_.orphans)})
            out.append(",\"").append(name).append("\":") += std::to_string(n);
        out += ",\"grouped\":" + std::to_string(counts_.group.rows);
        out += ",\"repeated_keys\":" + std::to_string(repeated_);
        if (!options_.join.empty())
            out += ",\"matched\":" + std::to_string(counts_.matched) +
                   ",\"missing\":" + std::to_string(counts_.missing) +
                   ",\"duplicates\":" + std::to_string(duplicates_);
        if (marks_)
            out += ",\"duplicate_captions\":" + std::to_string(marks_->duplicates()) +
                   ",\"leaking_captions\":" + std::to_string(marks_->leaks());
        const auto append = [&](const char* name, const auto& numbers) {
            out.append(",\"").append(name).append("\":{");
            for (const auto& [what, n] : numbers) {
                if (out.back() != '{') out += ',';
                cli::append_json_string(out, what);
                out += ':' + std::to_string(n);
            }
            out += '}';
        };
        append("captions", counts_.captions);
        append("unused", counts_.unused);
        return out + "}\n";
    }

    IngestOptions& options_;
    std::vector<std::string> inputs_;
    ErrorLog errors_;
    std::optional<Output> output_;
    cli::Progress progress_{"rows", "rows"};
    std::optional<Marks> marks_;
    MaskFiles masks_;
    const Where where_{options_.where};
    Gatherer gatherer_{options_.group != Group::kOff, options_.import.max_line};
    KeyMemory keys_;
    std::uint64_t repeated_ = 0;  // records whose key came before
    Counts counts_;
    std::int64_t taken_ = 0;
    std::uint64_t rows_ = 0, duplicates_ = 0;  // of the caption files of a join
};

}  // namespace

int ingest(IngestOptions& options) {
    if (options.list_formats) {
        std::string text;
        for (const FormatLine& format : all_formats())
            text.append(format.name).append("\t").append(format.summary).append("\n");
        Output("-", false).write(text);
        return cli::kDone;
    }
    options.import.max_line = options.stream.max_line;
    options.import.delimiter = options.delimiter.character;
    options.import.outlines = !options.mask_dir.empty();
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
    // Said once where many files have one format.
    options.import.found = [last = std::make_shared<std::string>()](const std::string& name,
                                                                    std::string_view format,
                                                                    const std::string& why) {
        const std::string found = std::string(format) + (why.empty() ? "" : ": ") + why;
        if (format != "records" && found != *last)
            cli::info(name + ": read as " + found + " (--input-format names another)");
        *last = found;
    };
    return Ingest(options).run();
}

}  // namespace lip::cmd
