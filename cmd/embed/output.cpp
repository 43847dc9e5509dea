#include "cmd/embed/output.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/embed/clip_retrieval.h"
#include "record/file.h"
#include "record/object.h"
#include "tensor/vectors.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lip::cmd {
namespace {

const char* kind_name(EmbedKind kind) {
    switch (kind) {
        case EmbedKind::kText:
            return "text";
        case EmbedKind::kPatch:
            return "patch";
        case EmbedKind::kRegion:
            return "region";
        case EmbedKind::kMixture:
            return "mixture";
        case EmbedKind::kQuery:
            return "query";
        case EmbedKind::kImage:
            break;
    }
    return "image";
}

// nullptr: the format is no file of vectors.
const tensor::VectorFormat* file_format(const std::string& name) {
    const auto formats = tensor::vector_formats();
    const auto found = std::ranges::find(formats, name, &tensor::VectorFormat::name);
    return found == formats.end() ? nullptr : &*found;
}

std::string rows_path(const std::string& output) {
    return output + ".rows.jsonl";
}

// The JSON object of a row, without its end.
void append_line(std::string& out, EmbedKind kind, const VectorRow& row) {
    out += "{\"key\":";
    cli::append_json_string(out, row.key);
    out.append(",\"kind\":\"").append(kind_name(kind)) += '"';
    if (row.is_uniform) out += ",\"mixing\":\"uniform\"";
    if (row.given) out += ",\"given\":" + std::to_string(*row.given);
    if (kind == EmbedKind::kRegion) {
        out += row.region;
        if (!row.text.empty()) {
            out += ",\"text\":";
            cli::append_json_string(out, row.text);
        }
    }
    if (is_of_texts(kind) || row.given) {
        out += ",\"text\":";
        cli::append_json_string(out, row.text);
        if (row.caption >= 0) out += ",\"caption\":" + std::to_string(row.caption);
        if (row.part >= 0)
            out.append(",\"").append(row.part_name).append("\":") += std::to_string(row.part);
    }
    if (kind == EmbedKind::kPatch) {
        const std::string grid = std::to_string(row.grid);
        out.append(",\"grid\":[").append(grid).append(",").append(grid) += ']';
        if (row.layer) out += ",\"layer\":" + std::to_string(*row.layer);
    }
}

// JSON lines with the numbers.
class LinesOutput final : public VectorOutput {
public:
    explicit LinesOutput(const EmbedOptions& options)
        : kind_(options.kind),
          type_(options.half ? at::kHalf : at::kFloat),
          lines_(options.common.output, options.common.force) {}

    void add(const VectorRow& row, const at::Tensor& vectors) override {
        append_line(buffer_, kind_, row);
        const std::int64_t half = vectors.size(0) / 2;
        if (kind_ == EmbedKind::kMixture) {
            append_list(",\"keys\":", vectors.slice(0, 0, half));
            append_list(",\"values\":", vectors.slice(0, half));
        } else if (kind_ == EmbedKind::kPatch) {
            append_list(",\"embedding\":", vectors);
        } else {
            buffer_ += ",\"embedding\":";
            append_numbers(vectors[0]);
        }
        buffer_ += "}\n";
    }
    void flush() override {
        lines_.write(buffer_);
        buffer_.clear();
    }
    void close() override {
        flush();
        lines_.close();
    }

private:
    void append_list(const char* name, const at::Tensor& vectors) {
        buffer_ += name;
        for (std::int64_t i = 0; i < vectors.size(0); ++i) {
            buffer_ += i ? ',' : '[';
            append_numbers(vectors[i]);
        }
        buffer_ += ']';
    }
    void append_numbers(const at::Tensor& vector) {
        const at::Tensor rounded = vector.to(type_).to(at::kFloat).contiguous();
        const float* numbers = rounded.const_data_ptr<float>();
        buffer_ += '[';
        for (std::int64_t i = 0; i < rounded.numel(); ++i) {
            if (i) buffer_ += ',';
            record::append_float(buffer_, numbers[i]);
        }
        buffer_ += ']';
    }

    EmbedKind kind_;
    at::ScalarType type_;
    record::Output lines_;
    std::string buffer_;
};

// A file of vectors, and the lines of its rows beside it.
class RowsOutput final : public VectorOutput {
public:
    RowsOutput(const EmbedOptions& options, const tensor::VectorFormat& format, std::int64_t width)
        : kind_(options.kind),
          vectors_(options.common.output, format, options.half ? at::kHalf : at::kFloat, width,
                   options.common.force),
          lines_(rows_path(options.common.output), options.common.force) {}

    void add(const VectorRow& row, const at::Tensor& vectors) override {
        pending_.push_back(vectors);
        for (std::int64_t i = 0; i < vectors.size(0); ++i) {
            append_line(buffer_, kind_, row);
            if (kind_ == EmbedKind::kPatch) buffer_ += ",\"patch\":" + std::to_string(i);
            if (kind_ == EmbedKind::kMixture) append_token(i, vectors.size(0) / 2);
            buffer_ += "}\n";
        }
    }
    void flush() override {
        lines_.write(buffer_);
        buffer_.clear();
        if (pending_.empty()) return;
        vectors_.add(at::cat(pending_));
        pending_.clear();
    }
    void close() override {
        flush();
        lines_.close();
        vectors_.close();
    }

private:
    // Which vector of which token row i is, of all 2 · count.
    void append_token(std::int64_t i, std::int64_t count) {
        buffer_.append(",\"part\":").append(i < count ? "\"key\"" : "\"value\"");
        buffer_ += ",\"token\":" + std::to_string(i % count);
    }

    EmbedKind kind_;
    tensor::VectorWriter vectors_;
    record::Output lines_;
    std::string buffer_;
    std::vector<at::Tensor> pending_;
};

}  // namespace

void check_format(const EmbedOptions& o) {
    const std::string option = "--format=" + o.format;
    const tensor::VectorFormat* format = file_format(o.format);
    if (o.format != kJsonLines && o.common.output == "-")
        throw cli::UsageError(option + (format ? " needs -o FILE" : " needs -o DIR") +
                              ": the format is not a stream of lines");
    if (format && o.half && !format->has_half)
        throw cli::UsageError(option + " has only 32-bit numbers (leave out --dtype=f16)");
    if (o.format != kClipRetrieval) return;
    if (o.kind != EmbedKind::kImage && o.kind != EmbedKind::kText)
        throw cli::UsageError(option +
                              " is for images and texts, not for --kind=" + kind_name(o.kind));
    if (!o.given.empty())
        throw cli::UsageError(option + " has one vector for each image (leave out --given)");
}

void check_vector_output(const EmbedOptions& o) {
    if (o.format == kClipRetrieval) return check_clip_retrieval_output(o);
    record::check_can_write(o.common.output, o.common.force);
    if (file_format(o.format)) record::check_can_write(rows_path(o.common.output), o.common.force);
}

std::string vector_output_names(const EmbedOptions& o) {
    const std::string& output = o.common.output;
    if (output == "-") return "standard output";
    return file_format(o.format) ? output + " and " + rows_path(output) : output;
}

std::unique_ptr<VectorOutput> make_vector_output(const EmbedOptions& o, std::int64_t width) {
    if (o.format == kClipRetrieval) return make_clip_retrieval_output(o, width);
    if (const tensor::VectorFormat* format = file_format(o.format))
        return std::make_unique<RowsOutput>(o, *format, width);
    return std::make_unique<LinesOutput>(o);
}

}  // namespace lip::cmd
