#include "eval/results.h"

#include "cli/error.h"
#include "cli/log.h"
#include "tensor/device.h"

#include <xxhash.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <new>

namespace lip::eval {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;

void append_text_field(std::string& out, std::string_view name, std::string_view value) {
    out.append("\"").append(name).append("\":");
    cli::append_json_string(out, value);
    out += ',';
}

std::string closing_line(const Summary& summary, std::uint64_t count) {
    std::string text = std::to_string(count) + " " + (count == 1 ? summary.unit : summary.units);
    if (summary.metrics.empty()) return text + summary.note;
    const Metric& main = summary.metrics.front();
    if (!std::isfinite(main.value)) return text + ", no " + main.name + summary.note;
    char figure[96];
    std::snprintf(figure, sizeof figure, " %.2f %%", 100 * main.value);
    text += ", " + main.name + figure;
    if (main.interval && std::isfinite(main.interval->low)) {
        std::snprintf(figure, sizeof figure, " (95 %%: %.2f to %.2f)", 100 * main.interval->low,
                      100 * main.interval->high);
        text += figure;
    }
    return text + summary.note;
}

}  // namespace

IdsHash::IdsHash() : state_(XXH3_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
}
IdsHash::~IdsHash() = default;
IdsHash::IdsHash(IdsHash&&) noexcept = default;
void IdsHash::Free::operator()(XXH3_state_s* state) const {
    XXH3_freeState(state);
}

void IdsHash::add(std::string_view key) {
    XXH3_128bits_update(state_.get(), key.data(), key.size());
    XXH3_128bits_update(state_.get(), "\n", 1);
}

std::string IdsHash::hex() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text;
}

Results::Results(const ResultFiles& files) : files_(files) {
    if (!files.summary.empty() && files.summary != "-") {
        if (files.summary == files.output)
            throw cli::UsageError("--summary and -o name the same file: " + files.summary);
        record::check_can_write(files.summary, files.force);
    }
    if (files.summary != "-" || files.output != "-") output_.emplace(files.output, files.force);
}

void Results::count(std::string_view key) {
    ++count_;
    ids_.add(key);
}

void Results::write(std::string_view line) {
    if (!output_) return;
    buffer_.append(line).push_back('\n');
    if (buffer_.size() >= kBufferBytes) flush();
}

void Results::flush() {
    if (output_ && !buffer_.empty()) output_->write(buffer_);
    buffer_.clear();
}

std::string Results::to_json(const Summary& summary) const {
    std::string out = "{";
    append_text_field(out, "dataset", summary.dataset);
    append_text_field(out, "model", summary.model);
    append_text_field(out, "pretrained", summary.pretrained);
    append_text_field(out, "task", summary.task);
    out += "\"metrics\":{";
    bool has_intervals = false;
    for (const Metric& metric : summary.metrics) {
        if (&metric != summary.metrics.data()) out += ',';
        cli::append_json_string(out, metric.name);
        out += ':';
        record::append_score(out, metric.value);
        has_intervals |= metric.interval.has_value();
    }
    out += "},";
    if (has_intervals) {
        out += "\"ci95\":{";
        for (const Metric& metric : summary.metrics) {
            if (!metric.interval) continue;
            if (out.back() != '{') out += ',';
            cli::append_json_string(out, metric.name);
            out += ":[";
            record::append_score(out, metric.interval->low);
            out += ',';
            record::append_score(out, metric.interval->high);
            out += ']';
        }
        out += "},";
    }
    append_text_field(out, "language", summary.language);
    out += "\"count\":" + std::to_string(count_);
    out += ",\"skipped\":" + std::to_string(summary.skipped);
    for (const record::Object::Field& field : summary.more.fields) {
        out += ',';
        cli::append_json_string(out, field.name);
        out += ':' + field.raw;
    }
    out += ",\"ids_hash\":\"" + ids_.hex() + "\",\"settings\":";
    summary.settings.append_json(out);
    if (!summary.provenance.empty()) out += ",\"provenance\":" + summary.provenance;
    return out + "}\n";
}

void Results::finish(const Summary& summary) {
    flush();
    if (output_) output_->close();
    if (!files_.summary.empty()) record::write_file(files_.summary, to_json(summary), files_.force);
    cli::info(closing_line(summary, count_));
}

void set_machine(record::Object& settings, c10::Device device, at::ScalarType precision) {
    settings.set_text("device", device.str());
    settings.set_text("precision", tensor::name_of(precision));
}

std::string dataset_name(const std::string& given, const std::vector<std::string>& inputs) {
    if (!given.empty()) return given;
    std::string name;
    for (const std::string& input : inputs) {
        std::filesystem::path path(input);
        if (!path.has_filename()) path = path.parent_path();  // "val/"
        if (!name.empty()) name += '+';
        name += input == "-" ? "standard input" : path.stem().string();
    }
    return name.empty() ? "standard input" : name;
}

}  // namespace lip::eval
