// The lists and dictionaries that a pickle makes: they may hold each other, or themselves.
#pragma once

#include "tensor/unpickler.h"

#include <vector>

namespace lip::tensor {

// Keeps what is made until it is known which of it is wanted. Whatever is not is taken apart, so
// that circles do not outlive it and nothing deep is destroyed from within itself.
class PickleArena {
public:
    PickleArena() = default;
    PickleArena(const PickleArena&) = delete;
    PickleArena& operator=(const PickleArena&) = delete;
    ~PickleArena();

    void keep(const PickleValuePtr& container) { all_.push_back(container); }

    // Lets go of all that hangs on `result`. False, and nothing is let go: a value holds itself, or
    // values lie in each other more than kMostDepth deep.
    bool release(const PickleValuePtr& result);

    static constexpr int kMostDepth = 256;

private:
    std::vector<PickleValuePtr> all_;
};

}  // namespace lip::tensor
