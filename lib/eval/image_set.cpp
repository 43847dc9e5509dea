#include "eval/image_set.h"

#include "eval/results.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace lip::eval {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kMostDigits = 18;  // fit int64

struct KnownSet {
    std::int64_t images, captions;
    std::string_view name;
};
constexpr KnownSet kKnownSets[] = {{5000, 25010, "coco-karpathy-test"},
                                   {5000, 25014, "coco-val2017"}};

}  // namespace

std::optional<std::int64_t> image_number(std::string_view key) {
    const std::size_t name = key.rfind('/') + 1;  // 0 where there is none
    const std::size_t dot = key.rfind('.');
    // What follows the last dot is an extension, unless it is nothing but digits.
    if (dot != key.npos && dot > name && key.find_first_not_of(kDigits, dot + 1) != key.npos)
        key = key.substr(0, dot);
    const std::size_t end = key.find_last_of(kDigits);
    if (end == key.npos) return std::nullopt;
    const std::size_t before = key.find_last_not_of(kDigits, end);
    std::string_view digits = key.substr(before == key.npos ? 0 : before + 1);
    digits = digits.substr(0, digits.find_first_not_of(kDigits));
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    if (digits.size() > kMostDigits) return std::nullopt;
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::optional<std::string> image_set_hash(std::span<const std::string> keys) {
    std::vector<std::int64_t> numbers;
    for (const std::string& key : keys) {
        const auto number = image_number(key);
        if (!number) return std::nullopt;
        numbers.push_back(*number);
    }
    std::sort(numbers.begin(), numbers.end());
    const bool repeats = std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end();
    if (numbers.empty() || repeats) return std::nullopt;
    IdsHash hash;
    for (const std::int64_t number : numbers) hash.add(std::to_string(number));
    return hash.hex();
}

std::string_view image_set_by_counts(std::int64_t images, std::int64_t captions) {
    for (const KnownSet& set : kKnownSets)
        if (set.images == images && set.captions == captions) return set.name;
    return {};
}

}  // namespace lip::eval
