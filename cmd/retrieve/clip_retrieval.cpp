#include "cmd/retrieve/clip_retrieval.h"

#include "cli/error.h"
#include "record/object.h"
#include "record/parquet.h"
#include "tensor/vectors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

// The numbers of the files NAME_NUMBER.npy as they are written, in the order of their values.
std::vector<std::string> part_numbers(const fs::path& folder, const std::string& name) {
    std::vector<std::string> numbers;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string file = entry.path().filename().string();
        if (!file.starts_with(name + "_") || !file.ends_with(".npy")) continue;
        const std::string number = file.substr(name.size() + 1, file.size() - name.size() - 5);
        if (!number.empty() && number.find_first_not_of("0123456789") == number.npos)
            numbers.push_back(number);
    }
    const auto value = [](const std::string& number) {
        const std::string digits =
            number.substr(std::min(number.find_first_not_of('0'), number.size()));
        return std::pair(digits.size(), digits);
    };
    std::ranges::sort(numbers, {}, value);
    return numbers;
}

// A text, or another value as it stands; empty if there is none.
std::string field(const record::Object& object, std::string_view name) {
    std::string text;
    const std::string* raw = object.find(name);
    if (!raw || *raw == "null" || record::read_text(*raw, text)) return text;
    return *raw;
}

void read_labels(const std::string& file, bool keep_text, std::vector<RowLabel>& labels) {
    const auto parquet = record::open_parquet(file, file, {});
    const auto failed = [&](std::uint64_t row, const std::string& why) {
        return cli::DataError(file + ": row " + std::to_string(row) + ": " + why);
    };
    std::string json;
    for (std::uint64_t row = 1;; ++row) {
        try {
            if (!parquet->table->next(json)) return;
        } catch (const std::runtime_error& problem) {
            throw failed(row, std::string("cannot be read: ") + problem.what());
        }
        const auto object = record::parse_object(json);
        if (!object) throw failed(row, object.reject().message);
        RowLabel label;
        label.line = labels.size() + 1;
        label.key = field(*object, "key");
        if (label.key.empty()) label.key = field(*object, "image_path");
        if (label.key.empty()) label.key = std::to_string(label.line);
        for (const auto& [column, name] :
             {std::pair<const char*, std::string_view>{"sentence_index", "sentence"},
              {"phrase_index", "phrase"}})
            if (const std::string* raw = object->find(column))
                if (record::read_integer(*raw, label.part)) label.part_name = name;
        if (const std::string* raw = object->find("caption_index"))
            record::read_integer(*raw, label.caption);
        if (keep_text) label.text = field(*object, "caption");
        labels.push_back(std::move(label));
    }
}

}  // namespace

VectorRows read_clip_retrieval(const std::string& folder, std::string_view kind, bool keep_text) {
    const std::string name = kind == "image" ? "img_emb" : "text_emb";
    const fs::path vectors = fs::path(folder) / name, metadata = fs::path(folder) / "metadata";
    if (!fs::is_directory(vectors))
        throw cli::DataError(folder + ": has no folder " + name +
                             ", where clip-retrieval keeps vectors of kind " + std::string(kind));
    const std::vector<std::string> numbers = part_numbers(vectors, name);
    if (numbers.empty())
        throw cli::DataError(vectors.string() + ": holds no " + name + "_NUMBER.npy");
    VectorRows rows;
    rows.file = metadata.string();
    std::vector<at::Tensor> parts;
    std::int64_t count = 0;
    for (const std::string& number : numbers) {
        const std::string path = (vectors / (name + "_" + number + ".npy")).string();
        const std::string labels = (metadata / ("metadata_" + number + ".parquet")).string();
        if (!fs::exists(labels))
            throw cli::DataError(labels + ": does not exist; it describes the vectors of " + path);
        parts.push_back(tensor::read_vectors(path));
        if (parts.back().size(1) != parts.front().size(1))
            throw cli::DataError(path + ": vectors of " + std::to_string(parts.back().size(1)) +
                                 " numbers, but the earlier ones have " +
                                 std::to_string(parts.front().size(1)) + " [bad-embedding]");
        read_labels(labels, keep_text, rows.labels);
        count += parts.back().size(0);
        if (std::ssize(rows.labels) != count)
            throw cli::DataError(
                labels + ": has " +
                std::to_string(std::ssize(rows.labels) - count + parts.back().size(0)) +
                " rows for the " + std::to_string(parts.back().size(0)) + " vectors of " + path);
    }
    rows.values = at::cat(parts);
    return rows;
}

}  // namespace lip::cmd
