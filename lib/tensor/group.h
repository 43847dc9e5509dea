// The ranks of a run, which exchange tensors: collective operations of c10d over Gloo, and over
// NCCL between CUDA devices. Every rank calls the same operations in the same order.
#pragma once

#include "tensor/launcher.h"

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace lip::tensor {

// What carries tensors of CUDA devices: NCCL if this build has it and each rank a device of its
// own, else the memory of the host and Gloo.
enum class Exchanger { kAuto, kGloo, kNccl };

// A group of one does nothing and costs nothing. Other tensors than NCCL's go through the host's
// memory. Sums are the same bits on all ranks, and, over Gloo, in every run with as many of them.
// Throws DataError if a rank is gone or silent for longer than the timeout: then the run cannot go
// on.
class Group {
public:
    Group();  // of one
    // Waits for all ranks; `device` is where their tensors will mostly be. Throws DataError also
    // where this build has no Gloo, or NCCL is asked for and cannot be.
    Group(const RankPlace& place, std::chrono::seconds timeout, c10::Device device = c10::kCPU,
          Exchanger exchanger = Exchanger::kAuto);
    ~Group();

    int rank() const { return rank_; }
    int size() const { return size_; }
    bool is_first() const { return rank_ == 0; }
    bool has_nccl() const;

    // x [n, ...] of every rank, of one shape: [size n, ...] in the order of the ranks.
    at::Tensor gather(const at::Tensor& x) const;
    // The sum over ranks of x [size n, ...], of which each gets its own [n, ...].
    at::Tensor sum_scatter(const at::Tensor& x) const;
    at::Tensor sum(const at::Tensor& x) const;
    // x of the rank before, and of the last for the first: of one shape on all.
    at::Tensor pass_on(const at::Tensor& x) const;
    void wait_for_all() const;

    // Begins to sum the gradients of `parameters` over the ranks and returns at once; they must not
    // be touched until finish() has returned. One that is undefined on every rank stays so.
    class Exchange {
    public:
        void finish();

    private:
        friend class Group;
        std::function<void()> finish_;
    };
    Exchange sum_gradients(const std::vector<at::Tensor>& parameters) const;

private:
    struct Ranks;
    bool agree_on_nccl(bool can, c10::Device device) const;

    int rank_ = 0, size_ = 1;
    std::unique_ptr<Ranks> ranks_;
};

// Can ranks be had in this build?
bool has_gloo();

}  // namespace lip::tensor
