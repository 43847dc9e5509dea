// A stand-in accelerator for machines without one.
//
// LibTorch's `hpu` device type has no implementation in the stock builds. This file gives it one:
// tensors live in host memory under the HPU dispatch key, and every operator falls back to the CPU
// after a check that no operand with dimensions lives on the CPU. So code that forgets to make a
// tensor on its input's device, or that moves data behind the scenes, fails here as it would on a
// GPU, while values and gradients stay equal to the CPU's up to rounding. Module::to, autograd and
// optimisers work. (The `meta` device is no help in C++: its kernels are registered by Python.
// PrivateUse1 is not accepted by Module::to.)
//
// Linked into the test program, it registers itself; tests move a model to kStandIn and compare.
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/InferSize.h>
#include <ATen/TensorUtils.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <cstdlib>
#include <cstring>

namespace {

constexpr auto kType = c10::DeviceType::HPU;
const c10::DispatchKeySet kKeys(c10::DispatchKey::HPU);

struct HostAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t n) override {
        void* p = n ? std::malloc(n) : nullptr;
        return {p, p, &std::free, c10::Device(kType, 0)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
    void copy_data(void* to, const void* from, std::size_t n) const override {
        std::memcpy(to, from, n);
    }
};
HostAllocator host_allocator;

// One device, one stream, nothing asynchronous.
struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override { return kType; }
    c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
    c10::Device getDevice() const override { return {kType, 0}; }
    void setDevice(c10::Device) const override {}
    void uncheckedSetDevice(c10::Device) const noexcept override {}
    c10::Stream getStream(c10::Device d) const noexcept override {
        return c10::Stream(c10::Stream::DEFAULT, d);
    }
    c10::Stream exchangeStream(c10::Stream s) const noexcept override { return s; }
    c10::DeviceIndex deviceCount() const noexcept override { return 1; }
    void record(void**, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {}
    void block(void*, const c10::Stream&) const override {}
    bool queryEvent(void*) const override { return true; }
};
C10_REGISTER_GUARD_IMPL(HPU, Guard);

at::Tensor empty(c10::SymIntArrayRef size, std::optional<at::ScalarType> type,
                 std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>,
                 std::optional<at::MemoryFormat> format) {
    return at::detail::empty_generic_symint(size, &host_allocator, kKeys, type.value_or(at::kFloat),
                                            format);
}

at::Tensor empty_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride,
                         std::optional<at::ScalarType> type, std::optional<at::Layout>,
                         std::optional<at::Device>, std::optional<bool>) {
    return at::detail::empty_strided_symint_generic(size, stride, &host_allocator, kKeys,
                                                    type.value_or(at::kFloat));
}

at::Tensor on_cpu(const at::Tensor& t) {  // the same bytes, seen as a CPU tensor
    return t.is_cpu()
               ? t
               : at::from_blob(t.data_ptr(), t.sizes(), t.strides(), t.options().device(at::kCPU));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
    on_cpu(to).copy_(on_cpu(from));
    return to;
}

const at::Tensor& resize(const at::Tensor& t, c10::SymIntArrayRef size,
                         std::optional<at::MemoryFormat>) {
    const auto ints = C10_AS_INTARRAYREF_SLOW(size);
    const size_t bytes = c10::multiply_integers(ints) * t.itemsize();
    c10::Storage storage = t.unsafeGetTensorImpl()->storage();
    if (storage.nbytes() < bytes) {
        storage.set_data_ptr_noswap(host_allocator.allocate(bytes));
        storage.set_nbytes(bytes);
    }
    t.unsafeGetTensorImpl()->set_sizes_contiguous(ints);
    return t;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
    if (to.numel() == 0) to.resize_(from.sizes());
    return copy_from(from, to, false);
}

at::Tensor alias(const at::Tensor& t, at::IntArrayRef size, at::IntArrayRef stride,
                 int64_t offset) {
    auto view = at::detail::make_tensor<c10::TensorImpl>(
        c10::TensorImpl::VIEW, c10::Storage(t.storage()), t.key_set(), t.dtype());
    view.unsafeGetTensorImpl()->set_sizes_and_strides(size, stride, offset);
    return view;
}

at::Tensor as_strided(const at::Tensor& t, at::IntArrayRef size, at::IntArrayRef stride,
                      std::optional<int64_t> offset) {
    return alias(t, size, stride, offset.value_or(t.storage_offset()));
}

at::Tensor reshape_alias(const at::Tensor& t, at::IntArrayRef size, at::IntArrayRef stride) {
    return alias(t, size, stride, t.storage_offset());
}

at::Tensor view(const at::Tensor& t, at::IntArrayRef shape) {
    const at::DimVector size = at::infer_size_dv(shape, t.numel());
    const auto stride = at::detail::computeStride(t.sizes(), t.strides(), size);
    TORCH_CHECK(stride, "view of a tensor whose strides do not allow it");
    return alias(t, size, *stride, t.storage_offset());
}

at::Scalar local_scalar(const at::Tensor& t) {
    return on_cpu(t.contiguous()).item();
}

// Convolution is left to backends, so it cannot simply fall back.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& w, const std::optional<at::Tensor>& b,
                       at::IntArrayRef stride, at::IntArrayRef pad, at::IntArrayRef dilation,
                       bool transposed, at::IntArrayRef out_pad, int64_t groups) {
    const auto bias = b && b->defined() ? std::optional(on_cpu(*b)) : std::nullopt;
    return at::convolution(on_cpu(x), on_cpu(w), bias, stride, pad, dilation, transposed, out_pad,
                           groups)
        .to(x.device());
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& grad, const at::Tensor& x, const at::Tensor& w, at::IntArrayRef stride,
    at::IntArrayRef pad, at::IntArrayRef dilation, bool transposed, at::IntArrayRef out_pad,
    int64_t groups, std::array<bool, 3> mask) {
    auto [gx, gw, gb] =
        at::convolution_backward(on_cpu(grad), on_cpu(x), on_cpu(w), at::IntArrayRef{w.size(0)},
                                 stride, pad, dilation, transposed, out_pad, groups, mask);
    const auto back = [&](const at::Tensor& t) { return t.defined() ? t.to(x.device()) : t; };
    return {back(gx), back(gw), back(gb)};
}

// The point of it all: tensors without dimensions may mix, as on a GPU; others may not.
void checked_fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
    const auto check = [&](const at::Tensor& t) {
        TORCH_CHECK(!t.defined() || !t.is_cpu() || t.dim() == 0, "stray CPU tensor in ",
                    op.schema().name());
    };
    for (const auto& value : torch::jit::last(*stack, op.schema().arguments().size())) {
        if (value.isTensor()) check(value.toTensor());
        if (value.isTensorList())
            for (const at::Tensor& t : value.toTensorVector()) check(t);
    }
    at::native::cpu_fallback(op, stack);
}

TORCH_LIBRARY_IMPL(aten, HPU, m) {
    m.impl("empty.memory_format", empty);
    m.impl("empty_strided", empty_strided);
    m.impl("_copy_from", copy_from);
    m.impl("_copy_from_and_resize", copy_from_and_resize);
    m.impl("resize_", resize);
    m.impl("as_strided", as_strided);
    m.impl("_reshape_alias", reshape_alias);
    m.impl("view", view);
    m.impl("_local_scalar_dense", local_scalar);
    m.impl("convolution_overrideable", convolution);
    m.impl("convolution_backward_overrideable", convolution_backward);
}
TORCH_LIBRARY_IMPL(_, HPU, m) {
    m.fallback(torch::CppFunction::makeFromBoxedFunction<&checked_fallback>());
}

struct HPUHooks : at::HPUHooksInterface {  // the registry asks for this very name
    explicit HPUHooks(at::HPUHooksArgs) {}
    void init() const override {}
    bool hasHPU() const override { return true; }
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return true; }
    bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
    c10::DeviceIndex deviceCount() const override { return 1; }
    c10::DeviceIndex getCurrentDevice() const override { return 0; }
    const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
        return at::detail::getDefaultCPUGenerator();
    }
};

}  // namespace

namespace at {
REGISTER_HPU_HOOKS(HPUHooks);
}
