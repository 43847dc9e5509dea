#include "model/parameters.h"

#include "cli/error.h"
#include "record/keyed_rng.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <map>

namespace lip::model {
namespace {

at::Tensor first_values(at::IntArrayRef shape, const Init& init, std::uint64_t seed,
                        const std::string& name) {
    at::Tensor value = at::zeros(shape, at::TensorOptions(at::kFloat));
    record::KeyedRng rng(seed, 0, record::Stream::kInit, name);
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(rng.next());
    switch (init.kind) {
        case Init::Kind::kZeros:
            break;
        case Init::Kind::kOnes:
            value.fill_(1);
            break;
        case Init::Kind::kConstant:
            value.fill_(init.value);
            break;
        case Init::Kind::kNormal:
            value.normal_(0, init.value, generator);
            break;
        case Init::Kind::kUniform:
            value.uniform_(-init.value, init.value, generator);
            break;
    }
    return value;
}

std::string shape_text(at::IntArrayRef shape) {
    std::string out = "[";
    for (const std::int64_t n : shape) out += (out.size() > 1 ? "," : "") + std::to_string(n);
    return out + "]";
}

}  // namespace

at::Tensor Parameters::add(const std::string& name, at::IntArrayRef shape, Init init) {
    at::Tensor value = seed_ ? first_values(shape, init, *seed_, name)
                             : at::empty(shape, at::TensorOptions(at::kFloat));
    value.requires_grad_(true);
    named_.emplace_back(name, value);
    return value;
}

std::int64_t Parameters::count() const {
    std::int64_t n = 0;
    for (const auto& entry : named_) n += entry.second.numel();
    return n;
}

void Parameters::to(c10::Device device) {
    for (auto& entry : named_) entry.second.set_data(entry.second.detach().to(device));
}

void Parameters::to(at::ScalarType type) {
    for (auto& entry : named_) {
        entry.second.mutable_grad().reset();
        entry.second.set_data(entry.second.detach().to(type));
    }
}

std::vector<std::string> Parameters::mismatches(const tensor::NamedTensors& source) const {
    std::map<std::string, at::Tensor> by_name(source.begin(), source.end());
    std::vector<std::string> problems;
    for (const auto& [name, mine] : named_) {
        const auto found = by_name.find(name);
        if (found == by_name.end()) {
            problems.push_back("missing " + name + " " + shape_text(mine.sizes()));
        } else if (found->second.sizes() != mine.sizes()) {
            problems.push_back(name + " is " + shape_text(found->second.sizes()) +
                               ", the configuration needs " + shape_text(mine.sizes()));
        }
        if (found != by_name.end()) by_name.erase(found);
    }
    for (const auto& [name, tensor] : by_name)
        problems.push_back("surplus " + name + " " + shape_text(tensor.sizes()));
    return problems;
}

void Parameters::require_fit(const tensor::NamedTensors& source, const std::string& where) const {
    std::string problems;
    for (const std::string& problem : mismatches(source)) problems += "\n  " + problem;
    if (!problems.empty())
        throw cli::DataError(where + ": the weights do not fit the configuration:" + problems);
}

void Parameters::load(const tensor::NamedTensors& source, const std::string& where) {
    require_fit(source, where);
    const at::NoGradGuard no_grad;
    std::map<std::string, at::Tensor> by_name(source.begin(), source.end());
    for (auto& [name, mine] : named_) at::Tensor(mine).copy_(by_name[name]);
}

void Parameters::take(tensor::NamedTensors source, const std::string& where) {
    require_fit(source, where);
    std::map<std::string, at::Tensor> by_name(source.begin(), source.end());
    for (auto& [name, mine] : named_) {
        const at::Tensor given = by_name[name].detach().to(at::kFloat).contiguous();
        at::Tensor(mine).set_data(given.to(mine.device()));
    }
}

}  // namespace lip::model
