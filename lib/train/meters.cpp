#include "train/meters.h"

#include "cli/log.h"

#include <ATen/ATen.h>

#include <sys/resource.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace lip::train {
namespace {

double peak_memory_mib() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return static_cast<double>(use.ru_maxrss) / 1024;
}

double ratio(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1));
}

// The scales and the bias that are learnt.
void add_scales(const model::LanguageImageModel& model, Figures& figures) {
    figures.emplace_back("logit_scale", model.log_scale.detach().exp().item<double>());
    if (model.local_log_scale.defined())
        figures.emplace_back("local_logit_scale",
                             model.local_log_scale.detach().exp().item<double>());
    if (model.config.regions && model.config.cloc.region_scale == "own")
        figures.emplace_back("region_logit_scale",
                             model.region_log_scale.detach().exp().item<double>());
    if (model.logit_bias.defined())
        figures.emplace_back("logit_bias", model.logit_bias.detach().item<double>());
}

}  // namespace

StepCounts count_step(const Batch& batch, const tensor::Group& ranks) {
    const auto number = [](auto n) { return static_cast<std::int64_t>(n); };
    const std::vector<std::int64_t> own = {batch.pixels.size(0),
                                           number(batch.texts.size()),
                                           batch.valid.sum().item<std::int64_t>(),
                                           number(batch.no_text),
                                           number(batch.unsplit),
                                           number(batch.cut),
                                           number(batch.skipped),
                                           number(batch.regions.phrases.size()),
                                           number(batch.small_regions)};
    const at::Tensor all = ranks.sum(at::tensor(own, at::TensorOptions(at::kLong)));
    const auto* n = all.const_data_ptr<std::int64_t>();
    return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
}

Meters::Meters() : started_(cli::monotonic_s()) {}

void Meters::add(const StepResult& step) {
    loss_ += step.value;
    norm_ += step.norm;
    rate_ = step.rate;
    ++steps_;
    images_ += step.counts.images;
    texts_ += step.counts.texts;
    valid_ += step.counts.valid;
    cut_ += step.counts.cut;
    regions_ += step.counts.regions;
    small_regions_ += step.counts.small_regions;
    for (const auto& [name, value] : {std::pair("loss_global", step.loss.global),
                                      {"loss_local", step.loss.local},
                                      {"loss_region", step.loss.region},
                                      {"loss_grounding", step.loss.grounding},
                                      {"loss_distill", step.loss.distill}})
        if (value.defined()) add_part(name, value.item<double>());
    if (step.loss.filtered) add_part("filtered_pairs", *step.loss.filtered);
}

void Meters::add_part(const char* name, double value) {
    auto known = std::ranges::find(parts_, std::string_view(name), &Mean::name);
    if (known == parts_.end()) known = parts_.insert(parts_.end(), {name});
    known->sum += value;
    ++known->steps;
}

Figures Meters::figures(const RunState& state, const model::LanguageImageModel& model) const {
    const double seconds = std::max(cli::monotonic_s() - started_, 1e-9);
    const auto steps = static_cast<double>(steps_);
    Figures figures = {{"loss", loss_ / steps}};
    for (const Mean& part : parts_)
        figures.emplace_back(part.name, part.sum / static_cast<double>(part.steps));
    figures.emplace_back("lr", rate_);
    figures.emplace_back("grad_norm", norm_ / steps);
    add_scales(model, figures);
    figures.emplace_back("images_per_s", static_cast<double>(images_) / seconds);
    figures.emplace_back("texts_per_s", static_cast<double>(texts_) / seconds);
    figures.emplace_back("valid_texts", ratio(valid_, texts_));
    figures.emplace_back("cut_texts", ratio(cut_, texts_));
    if (model.config.regions) {
        figures.emplace_back("regions_per_image", ratio(regions_, images_));
        figures.emplace_back("small_regions_per_image", ratio(small_regions_, images_));
    }
    figures.emplace_back("skipped", static_cast<double>(state.skipped));
    figures.emplace_back("no_text", static_cast<double>(state.no_text));
    figures.emplace_back("unsplit", static_cast<double>(state.unsplit));
    figures.emplace_back("bad_steps", static_cast<double>(state.bad_steps));
    figures.emplace_back("rss", peak_memory_mib());
    return figures;
}

}  // namespace lip::train
