#include "tensor/group.h"

#include "cli/error.h"
#include "tensor/nccl.h"

#include <ATen/ATen.h>

#if LIP_HAS_GLOO
#define USE_C10D_GLOO  // else the header is empty
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace lip::tensor {

using at::Tensor;

void Group::Exchange::finish() {
    if (finish_) std::exchange(finish_, nullptr)();
}

Group::Group() = default;

#if LIP_HAS_GLOO

namespace {

constexpr std::int64_t kBucketElements = std::int64_t{6} << 20;  // 24 MiB of floats

using Work = c10::intrusive_ptr<c10d::Work>;

// Flattened gradients of some parameters, zero where there is none.
struct GradientBucket {
    std::vector<Tensor> parameters;
    Tensor sum;
};

template <class Carried>
std::vector<GradientBucket> buckets_of(const std::vector<Tensor>& parameters,
                                       const Carried& carried) {
    std::vector<GradientBucket> buckets;
    std::int64_t elements = kBucketElements;
    for (const Tensor& p : parameters) {
        if (elements >= kBucketElements) buckets.emplace_back(), elements = 0;
        buckets.back().parameters.push_back(p);
        elements += p.numel();
    }
    for (GradientBucket& bucket : buckets) {
        std::vector<Tensor> flat;
        for (const Tensor& p : bucket.parameters)
            flat.push_back(carried(p.grad().defined() ? p.grad() : at::zeros_like(p)).flatten());
        bucket.sum = at::cat(flat);
    }
    return buckets;
}

void take_back(const GradientBucket& bucket, const float* used) {
    std::int64_t begin = 0;
    for (Tensor p : bucket.parameters) {
        const Tensor sum = bucket.sum.slice(0, begin, begin + p.numel()).view(p.sizes());
        begin += p.numel();
        if (*used++ == 0) continue;
        if (p.grad().defined())
            p.mutable_grad().copy_(sum);
        else
            p.mutable_grad() = sum.to(p.device(), /*non_blocking=*/false, /*copy=*/true);
    }
}

}  // namespace

struct Group::Ranks {
    RankPlace place;
    c10::intrusive_ptr<c10d::Store> store;  // outlives the connections
    c10::intrusive_ptr<c10d::Backend> gloo;
    c10::intrusive_ptr<c10d::Backend> nccl;  // null: CUDA's tensors go through the host, too

    bool keeps(const Tensor& x) const { return nccl && x.is_cuda(); }
    // x where it can be exchanged, and by whom.
    Tensor carried(const Tensor& x) const {
        return (keeps(x) ? x.detach() : x.detach().to(at::kCPU)).contiguous();
    }
    c10d::Backend& by(const Tensor& carried) const { return keeps(carried) ? *nccl : *gloo; }

    // Runs something that talks to the others.
    template <class Body>
    auto talk(const Body& body) const {
        try {
            return body();
        } catch (const std::exception& error) {
            const std::string text = error.what();
            throw cli::DataError("another of the " + std::to_string(place.size) +
                                 " ranks has ended or is silent, so the run ends (see its own "
                                 "message; --resume continues): " +
                                 text.substr(0, text.find('\n')));
        }
    }
};

namespace {

// A machine, as a number that others can compare.
std::int64_t this_machine() {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    const std::uint64_t hash = XXH3_64bits(name.data(), std::strlen(name.data()));
    return static_cast<std::int64_t>(hash >> 1U);
}

}  // namespace

Group::Group(const RankPlace& place, std::chrono::seconds timeout, c10::Device device,
             Exchanger exchanger)
    : rank_(place.rank), size_(place.size) {
    if (size_ == 1) return;
    ranks_ = std::make_unique<Ranks>();
    ranks_->place = place;
    ranks_->talk([&] {
        c10d::TCPStoreOptions options;
        options.port = place.port;
        options.isServer = place.rank == 0 && !place.has_store;
        options.numWorkers = place.has_store ? std::nullopt : std::optional<std::size_t>(size_);
        options.waitWorkers = !place.has_store;
        options.timeout = timeout;
        const auto listening = c10::make_intrusive<c10d::TCPStore>(place.host, options);
        ranks_->store = c10::make_intrusive<c10d::PrefixStore>("train/" + place.attempt, listening);
        const auto settings = c10d::ProcessGroupGloo::Options::create(timeout);
        settings->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
        ranks_->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(ranks_->store, place.rank,
                                                                   place.size, settings);
    });
    if (exchanger == Exchanger::kGloo) return;
    const bool can = tensor::has_nccl() && device.is_cuda();
    if (agree_on_nccl(can, device)) {
        ranks_->talk([&] {
            const auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", ranks_->store);
            ranks_->nccl = make_nccl(store, rank_, size_, timeout);
        });
    } else if (exchanger == Exchanger::kNccl) {
        throw cli::DataError(
            "the ranks cannot use NCCL: each needs a CUDA device of its own and a build with NCCL, "
            "see --version (--rank-backend gloo communicates through host memory)");
    }
}

Group::~Group() {
    if (!ranks_ || !ranks_->nccl) return;
    // Those that are left wait for nobody.
    std::uncaught_exceptions() > 0 ? ranks_->nccl->abort() : ranks_->nccl->shutdown();
}

bool Group::has_nccl() const {
    return ranks_ && ranks_->nccl;
}

// Does every rank say that it can, and has each a device of its own?
bool Group::agree_on_nccl(bool can, c10::Device device) const {
    const Tensor all = gather(
        at::tensor({std::int64_t{can}, this_machine(), std::int64_t{device.index()}}).unsqueeze(0));
    const auto places = std::get<0>(at::unique_dim(all, 0));
    return all.select(1, 0).all().item<bool>() && places.size(0) == size_;
}

Tensor Group::gather(const Tensor& x) const {
    if (size_ == 1) return x;
    Tensor own = ranks_->carried(x);
    std::vector<std::int64_t> sizes = own.sizes().vec();
    sizes[0] *= size_;
    Tensor all = at::empty(sizes, own.options());
    ranks_->talk([&] { ranks_->by(own)._allgather_base(all, own)->wait(); });
    return all.to(x.device());
}

Tensor Group::sum_scatter(const Tensor& x) const {
    if (size_ == 1) return x;
    Tensor all = ranks_->carried(x);
    std::vector<std::int64_t> sizes = all.sizes().vec();
    sizes[0] /= size_;
    Tensor own = at::empty(sizes, all.options());
    ranks_->talk([&] { ranks_->by(all)._reduce_scatter_base(own, all)->wait(); });
    return own.to(x.device());
}

Tensor Group::sum(const Tensor& x) const {
    if (size_ == 1) return x;
    std::vector<Tensor> all = {ranks_->carried(x).clone()};
    ranks_->talk([&] { ranks_->by(all[0]).allreduce(all)->wait(); });
    return all[0].to(x.device());
}

// All to all, of which only this is not empty: NCCL would wait for ever for a ring of single
// messages.
Tensor Group::pass_on(const Tensor& x) const {
    if (size_ == 1) return x;
    Tensor out = ranks_->carried(x).flatten(), in = at::empty_like(out);
    std::vector<std::int64_t> sent(static_cast<std::size_t>(size_)), got = sent;
    sent[static_cast<std::size_t>((rank_ + 1) % size_)] = out.numel();
    got[static_cast<std::size_t>((rank_ + size_ - 1) % size_)] = out.numel();
    ranks_->talk([&] { ranks_->by(out).alltoall_base(in, out, got, sent)->wait(); });
    return in.view(x.sizes()).to(x.device());
}

void Group::wait_for_all() const {
    if (size_ > 1) ranks_->talk([&] { ranks_->gloo->barrier()->wait(); });
}

Group::Exchange Group::sum_gradients(const std::vector<Tensor>& parameters) const {
    Exchange exchange;
    if (size_ == 1 || parameters.empty()) return exchange;
    const at::NoGradGuard no_grad;
    auto buckets = buckets_of(parameters, [this](const Tensor& x) { return ranks_->carried(x); });
    std::vector<float> defined;
    for (const Tensor& p : parameters) defined.push_back(p.grad().defined() ? 1 : 0);
    const Tensor used = at::tensor(defined);
    std::vector<Work> works;
    const auto begin = [&](const Tensor& x) {
        std::vector<Tensor> all = {x};
        works.push_back(ranks_->talk([&] { return ranks_->by(x).allreduce(all); }));
    };
    begin(used);
    for (const GradientBucket& bucket : buckets) begin(bucket.sum);
    exchange.finish_ = [ranks = ranks_.get(), buckets = std::move(buckets), used,
                        works = std::move(works)] {
        const at::NoGradGuard guard;
        ranks->talk([&] {
            for (const Work& work : works) work->wait();
        });
        const float* flags = used.const_data_ptr<float>();
        for (const GradientBucket& bucket : buckets) {
            take_back(bucket, flags);
            flags += bucket.parameters.size();
        }
    };
    return exchange;
}

bool has_gloo() {
    return true;
}

#else

struct Group::Ranks {};

Group::~Group() = default;
bool Group::has_nccl() const {
    return false;
}
Group::Group(const RankPlace& place, std::chrono::seconds, c10::Device, Exchanger) {
    if (place.size > 1)
        throw cli::DataError(
            "this build cannot train with several ranks: the headers of Gloo (libgloo-dev) or a "
            "LibTorch with it were missing when it was made");
}
Tensor Group::gather(const Tensor& x) const {
    return x;
}
Tensor Group::sum_scatter(const Tensor& x) const {
    return x;
}
Tensor Group::sum(const Tensor& x) const {
    return x;
}
Tensor Group::pass_on(const Tensor& x) const {
    return x;
}
void Group::wait_for_all() const {}
Group::Exchange Group::sum_gradients(const std::vector<Tensor>&) const {
    return {};
}
bool has_gloo() {
    return false;
}

#endif

}  // namespace lip::tensor
