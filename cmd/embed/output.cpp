#include "cmd/embed/output.h"

#include "record/object.h"

#include <ATen/ATen.h>

namespace lip::cmd {

std::string rows_path(const std::string& output) {
    return output + ".rows.jsonl";
}

namespace {

std::string lines_path(const EmbedOptions& options) {
    const std::string& output = options.common.output;
    if (options.format == VectorFormat::kJsonl) return output;
    if (output == "-")
        throw cli::UsageError("--format npy needs -o FILE: its header is filled in last");
    return rows_path(output);
}

}  // namespace

VectorOutput::VectorOutput(const EmbedOptions& options, std::int64_t width)
    : lines_(lines_path(options), options.common.force),
      type_(options.half ? at::kHalf : at::kFloat) {
    if (options.format == VectorFormat::kJsonl) return;
    npy_.emplace(options.common.output, type_, options.common.force);
    npy_->add(
        at::empty({0, width}, at::TensorOptions(at::kFloat)));  // the width, should no row come
}

void VectorOutput::append_numbers(const at::Tensor& vector) {
    const at::Tensor rounded = vector.to(type_).to(at::kFloat).contiguous();
    const float* numbers = rounded.const_data_ptr<float>();
    buffer_ += '[';
    for (std::int64_t i = 0; i < rounded.numel(); ++i) {
        if (i) buffer_ += ',';
        record::append_float(buffer_, numbers[i]);
    }
    buffer_ += ']';
}

void VectorOutput::add(const std::string& line, const at::Tensor& vector) {
    buffer_ += line;
    if (npy_) {
        rows_.push_back(vector.unsqueeze(0));
    } else {
        buffer_ += ",\"embedding\":";
        append_numbers(vector);
    }
    buffer_ += "}\n";
}

void VectorOutput::add_patches(const std::string& line, const at::Tensor& vectors) {
    if (npy_) {
        rows_.push_back(vectors);
        for (std::int64_t i = 0; i < vectors.size(0); ++i)
            buffer_ += line + ",\"patch\":" + std::to_string(i) + "}\n";
        return;
    }
    buffer_ += line + ",\"embedding\":[";
    for (std::int64_t i = 0; i < vectors.size(0); ++i) {
        if (i) buffer_ += ',';
        append_numbers(vectors[i]);
    }
    buffer_ += "]}\n";
}

void VectorOutput::flush() {
    lines_.write(buffer_);
    buffer_.clear();
    if (rows_.empty()) return;
    npy_->add(at::cat(rows_));
    rows_.clear();
}

void VectorOutput::close() {
    flush();
    lines_.close();
    if (npy_) npy_->close();
}

}  // namespace lip::cmd
