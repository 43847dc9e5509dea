#include "tensor/pickle_arena.h"

#include <algorithm>
#include <unordered_map>

namespace lip::tensor {
namespace {

PickleItems inner_of(const PickleValue& value) {
    if (const auto* list = std::get_if<PickleValue::List>(&value.is)) return list->items;
    if (const auto* tuple = std::get_if<PickleValue::Tuple>(&value.is)) return tuple->items;
    PickleItems items;
    if (const auto* dict = std::get_if<PickleValue::Dict>(&value.is))
        for (const auto& [key, item] : dict->items) {
            items.push_back(key);
            items.push_back(item);
        }
    return items;
}

}  // namespace

PickleArena::~PickleArena() {
    for (const PickleValuePtr& value : all_) value->is = std::monostate();
}

bool PickleArena::release(const PickleValuePtr& result) {
    struct Step {
        PickleItems inner;
        std::size_t next = 0;
        const PickleValue* value = nullptr;
    };
    std::unordered_map<const PickleValue*, bool> is_open;  // false: all of it was looked at
    std::vector<Step> path;
    const auto enter = [&](const PickleValuePtr& value) {
        if (!value) return true;
        const auto [seen, is_new] = is_open.emplace(value.get(), true);
        if (!is_new) return !seen->second;
        path.push_back({inner_of(*value), 0, value.get()});
        return path.size() <= kMostDepth;
    };
    if (!enter(result)) return false;
    while (!path.empty()) {
        Step& step = path.back();
        if (step.next == step.inner.size()) {
            is_open[step.value] = false;
            path.pop_back();
        } else if (const PickleValuePtr inner = step.inner[step.next++]; !enter(inner)) {
            return false;
        }
    }
    std::erase_if(all_, [&](const PickleValuePtr& value) { return is_open.contains(value.get()); });
    return true;
}

}  // namespace lip::tensor
