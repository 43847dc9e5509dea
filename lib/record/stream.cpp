#include "record/stream.h"

#include "cli/log.h"
#include "record/ordered.h"

namespace lip::record {
namespace {

struct BadLine {
    std::size_t output_size;  // bytes of output that came before it
    Place place;
    cli::Reject reject;
    std::string raw;
    bool is_cut;
};

struct Filtered {
    std::string output;
    std::vector<BadLine> bad;
    std::size_t lines = 0;
};

Filtered filter_block(const LineBlock& block, const LineFilter& filter) {
    Filtered result;
    result.lines = block.lines.size();
    result.output.reserve(block.bytes.size() + block.bytes.size() / 4);
    for (const Line& line : block.lines) {
        std::string key;
        const std::size_t before = result.output.size();
        std::optional<cli::Reject> reject;
        if (line.too_large)
            reject = too_large();
        else
            reject = filter(line, result.output, key);
        if (!reject) continue;
        result.output.resize(before);
        result.bad.push_back({before,
                              {block.file, line.number, line.offset, false, std::move(key)},
                              std::move(*reject),
                              std::string(line.text),
                              line.is_cut});
    }
    return result;
}

}  // namespace

int filter_lines(const FilterIo& io, const LineFilter& filter) {
    if (io.write_records) check_can_write(io.output, io.force);
    LineReader reader(io.stream);
    ErrorLog errors(io.stream, io.force);
    std::optional<Output> output;
    if (io.write_records) output.emplace(io.output, io.force);
    cli::Progress progress("records", "records");
    const auto write = [&](std::string_view bytes) {
        if (output && !bytes.empty()) output->write(bytes);
    };
    run_ordered<LineBlock, Filtered>(
        io.threads, [&] { return reader.next_block(); },
        [&](LineBlock& block) { return filter_block(block, filter); },
        [&](Filtered& result) {
            errors.count_records(result.lines);
            std::size_t written = 0;
            for (const BadLine& bad : result.bad) {
                write(std::string_view(result.output).substr(written, bad.output_size - written));
                written = bad.output_size;
                if (bad.is_cut && bad.reject.word == "bad-json") throw_truncated_input(bad.place);
                errors.report(bad.place, bad.reject, bad.raw);
            }
            write(std::string_view(result.output).substr(written));
            progress.update(errors.records());
        });
    progress.finish();
    const int code = errors.finish();
    if (io.at_end) io.at_end();
    if (output) output->close();
    return code;
}

int filter_records(const FilterIo& io, const RecordFilter& filter) {
    return filter_lines(
        io,
        [&](const Line& line, std::string& out, std::string& key) -> std::optional<cli::Reject> {
            auto record = parse_record(line.text);
            if (!record) return record.reject();
            key = record->key;
            if (auto reject = filter(*record)) return reject;
            append_json(out, *record);
            out += '\n';
            return std::nullopt;
        });
}

}  // namespace lip::record
