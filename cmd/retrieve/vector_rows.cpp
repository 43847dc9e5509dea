#include "cmd/retrieve/vector_rows.h"

#include "cli/error.h"
#include "cmd/retrieve/clip_retrieval.h"
#include "record/lines.h"
#include "record/record.h"
#include "tensor/vectors.h"

#include <ATen/ATen.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

namespace lip::cmd {
namespace {

RowLabel label_of(const record::Record& record, std::uint64_t line, bool keep_text) {
    RowLabel label;
    label.key = record.key;
    label.line = line;
    if (const std::string* raw = record.object.find("caption"))
        record::read_integer(*raw, label.caption);
    for (const std::string_view name : {"sentence", "phrase"})
        if (const std::string* raw = record.object.find(name)) {
            record::read_integer(*raw, label.part);
            label.part_name = name;
        }
    if (const std::string* raw = keep_text ? record.object.find("text") : nullptr)
        record::read_text(*raw, label.text);
    return label;
}

// Calls take(record, place) for every line of `path`; all must be of `kind`.
template <class Take>
void read_lines(const std::string& path, std::string_view kind, const Take& take) {
    record::StreamSettings stream;
    stream.inputs = {path};
    stream.allow_empty = true;
    record::ErrorLog errors(stream, false);
    record::RecordReader reader(stream, errors);
    record::Record record;
    record::Place place;
    while (reader.next(record, place)) {
        std::string found;
        const std::string* raw = record.object.find("kind");
        if (raw && record::read_text(*raw, found) && found != kind)
            throw cli::DataError(record::to_string(place) + ": the row is of kind " + found +
                                 ", not " + std::string(kind) +
                                 (found == "region" ? " (retrieve -m MODEL --regions compares "
                                                      "boxes with their texts, or with --query)"
                                                    : ""));
        if (record.object.find("given"))
            throw cli::DataError(
                record::to_string(place) +
                ": the vector is an image mixed for a given text, which cannot be compared with "
                "other texts (retrieve -m MODEL mixes images itself)");
        take(record, place);
    }
}

// Does the row say that it is of a Llip model's image, mixed for no text?
bool says_uniform(const record::Record& record) {
    std::string word;
    const std::string* raw = record.object.find("mixing");
    return raw && record::read_text(*raw, word) && word == "uniform";
}

VectorRows read_file_with_rows(const std::string& path, std::string_view kind, bool keep_text) {
    VectorRows rows;
    rows.file = path + ".rows.jsonl";
    if (!std::filesystem::exists(rows.file))
        throw cli::DataError(rows.file + ": does not exist; it describes the rows of " + path +
                             " (embed(1) writes both)");
    rows.values = tensor::read_vectors(path);
    read_lines(rows.file, kind, [&](const record::Record& record, const record::Place& place) {
        rows.labels.push_back(label_of(record, place.line, keep_text));
        rows.is_uniform |= says_uniform(record);
    });
    if (std::ssize(rows.labels) != rows.values.size(0))
        throw cli::DataError(rows.file + ": " + std::to_string(rows.labels.size()) +
                             " lines for the " + std::to_string(rows.values.size(0)) + " rows of " +
                             path);
    return rows;
}

// Appends the numbers of a JSON array; false if it is none of numbers.
bool append_numbers(const std::string& raw, std::vector<float>& numbers) {
    bool is_array = false;
    for (const std::string_view item : record::array_items(raw, is_array)) {
        float value = 0;
        const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
        if (error == std::errc::result_out_of_range) {  // too small is 0, too large is refused
            double wide = 0;
            if (!record::read_number(item, wide)) wide = std::numeric_limits<double>::infinity();
            value = static_cast<float>(wide);
        } else if (error != std::errc() || end != item.data() + item.size()) {
            return false;
        }
        numbers.push_back(value);
    }
    return is_array;
}

// Could it be JSON lines, plain or packed? A pipe cannot be looked at.
bool may_be_lines(const std::string& path) {
    if (path == "-" || !std::filesystem::is_regular_file(path)) return true;
    const std::string head = tensor::InputFile(path).head(512);
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    return first == head.npos || head[first] == '{' || head.starts_with("\xef\xbb\xbf") ||
           head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd");
}

VectorRows read_json_lines(const std::string& path, std::string_view kind, bool keep_text) {
    VectorRows rows;
    rows.file = record::display_name(path);
    std::vector<float> numbers;
    std::size_t width = 0;
    read_lines(path, kind, [&](const record::Record& record, const record::Place& place) {
        const auto bad = [&](const std::string& why) {
            return cli::DataError(record::to_string(place) + ": " + why + " [bad-embedding]");
        };
        const std::string* raw = record.object.find("embedding");
        if (!raw) throw bad("the line has no \"embedding\" (was it written by embed(1)?)");
        const std::size_t before = numbers.size();
        if (!append_numbers(*raw, numbers)) throw bad("\"embedding\" is not a list of numbers");
        const std::size_t own = numbers.size() - before;
        if (rows.labels.empty()) width = own;
        if (own == 0 || own != width)
            throw bad("the vector has " + std::to_string(own) + " numbers, but the first one has " +
                      std::to_string(width));
        for (std::size_t i = before; i < numbers.size(); ++i)
            if (!std::isfinite(numbers[i])) throw bad("the vector has numbers that are not finite");
        rows.labels.push_back(label_of(record, place.line, keep_text));
        rows.is_uniform |= says_uniform(record);
    });
    if (rows.labels.empty())
        throw cli::DataError(rows.file + ": holds no vectors (an earlier step may have failed)");
    rows.values = at::empty({std::ssize(rows.labels), static_cast<std::int64_t>(width)},
                            at::TensorOptions(at::kFloat));
    std::memcpy(rows.values.mutable_data_ptr(), numbers.data(), numbers.size() * sizeof(float));
    return rows;
}

}  // namespace

VectorRows read_vector_rows(const std::string& path, std::string_view kind, bool keep_text) {
    if (path != "-" && std::filesystem::is_directory(path))
        return read_clip_retrieval(path, kind, keep_text);
    if (path != "-" && tensor::is_vector_file(path))
        return read_file_with_rows(path, kind, keep_text);
    if (!may_be_lines(path))
        throw cli::DataError(path +
                             ": is not a file of vectors: expected .npy, safetensors, FAISS, or "
                             "JSON lines of embed(1)");
    return read_json_lines(path, kind, keep_text);
}

}  // namespace lip::cmd
