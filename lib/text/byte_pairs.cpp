#include "text/byte_pairs.h"

#include "cli/error.h"

#include <bit>
#include <limits>
#include <queue>
#include <tuple>

namespace lip::text {
namespace {

constexpr std::uint64_t kNoKey = UINT64_MAX;
constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
// From here on looking through all pairs for the best one costs more than a queue of them.
constexpr std::size_t kLong = 48;

std::uint64_t key_of(std::int32_t left, std::int32_t right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
}

std::size_t hash_of(std::uint64_t key) {
    return static_cast<std::size_t>((key ^ key >> 32) * 0x9E3779B97F4A7C15ULL >> 24);
}

}  // namespace

BytePairs::BytePairs(const ClipVocabulary& vocabulary, const std::string& name) {
    StringIndex tokens;
    for (const std::string& token : vocabulary.tokens) {
        const std::uint32_t size = tokens.size();
        if (tokens.insert(token) != size)
            throw cli::DataError(name + ": token '" + token + "' occurs twice");
    }
    const auto id_of = [&](const std::string& token) {
        const std::uint32_t id = tokens.find(token);
        if (id == StringIndex::kNone) throw cli::DataError(name + ": no token '" + token + "'");
        return static_cast<std::int32_t>(id);
    };
    for (const std::string& letter : byte_alphabet()) {
        inner_.push_back(id_of(letter));
        last_.push_back(id_of(letter + std::string(kWordEnd)));
    }
    merges_.assign(std::bit_ceil(vocabulary.merges.size() * 2 + 2), {kNoKey, 0, 0});
    std::int32_t rank = 0;
    for (const auto& [left, right] : vocabulary.merges)
        add_merge({key_of(id_of(left), id_of(right)), rank++, id_of(left + right)});
    // A token that ends a word need not be what its own bytes are joined to.
    std::vector<std::int32_t> ids;
    for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
        const std::string& token = vocabulary.tokens[id];
        if (!token.ends_with(kWordEnd) || token.size() == kWordEnd.size()) continue;
        const std::string word = token_bytes(token);
        ids.clear();
        append(ids, word);
        if (ids.size() == 1 && words_.insert(word) == word_ids_.size()) word_ids_.push_back(ids[0]);
    }
}

void BytePairs::add_merge(const Merge& merge) {
    const std::size_t mask = merges_.size() - 1;
    std::size_t at = hash_of(merge.key) & mask;
    while (merges_[at].key != kNoKey && merges_[at].key != merge.key) at = (at + 1) & mask;
    merges_[at] = merge;  // the same pair again: the later one counts, as in both originals
}

const BytePairs::Merge* BytePairs::find_merge(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = key_of(left, right);
    const std::size_t mask = merges_.size() - 1;
    for (std::size_t at = hash_of(key) & mask;; at = (at + 1) & mask) {
        if (merges_[at].key == key) return &merges_[at];
        if (merges_[at].key == kNoKey) return nullptr;
    }
}

void BytePairs::append(std::vector<std::int32_t>& ids, std::string_view word) const {
    if (const std::uint32_t whole = words_.find(word); whole != StringIndex::kNone) {
        ids.push_back(word_ids_[whole]);
        return;
    }
    std::vector<std::int32_t> symbols;
    symbols.reserve(word.size());
    for (const char c : word) symbols.push_back(inner_[static_cast<unsigned char>(c)]);
    symbols.back() = last_[static_cast<unsigned char>(word.back())];
    if (symbols.size() < kLong)
        join(symbols);
    else
        join_long(symbols);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
}

void BytePairs::join(std::vector<std::int32_t>& symbols) const {
    // What each pair of neighbours would become; one step changes only the pairs beside it.
    std::vector<const Merge*> pairs;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
        pairs.push_back(find_merge(symbols[i], symbols[i + 1]));
    while (true) {
        std::size_t best = 0;
        std::int32_t rank = kNever;
        for (std::size_t i = 0; i < pairs.size(); ++i)
            if (pairs[i] && pairs[i]->rank < rank) rank = pairs[best = i]->rank;
        if (rank == kNever) return;
        symbols[best] = pairs[best]->made;
        const auto at = static_cast<std::ptrdiff_t>(best);
        symbols.erase(symbols.begin() + at + 1);
        pairs.erase(pairs.begin() + at);
        if (best > 0) pairs[best - 1] = find_merge(symbols[best - 1], symbols[best]);
        if (best < pairs.size()) pairs[best] = find_merge(symbols[best], symbols[best + 1]);
    }
}

void BytePairs::join_long(std::vector<std::int32_t>& symbols) const {
    constexpr std::size_t kNone = SIZE_MAX;
    const std::size_t size = symbols.size();
    std::vector<std::size_t> next(size), before(size);
    for (std::size_t i = 0; i < size; ++i) {
        next[i] = i + 1 < size ? i + 1 : kNone;
        before[i] = i > 0 ? i - 1 : kNone;
    }
    // The best pair first, of equal ones the one further left; with it both symbols, to know
    // whether the pair is still there.
    using Step = std::tuple<std::int32_t, std::size_t, std::uint64_t, std::int32_t>;
    std::priority_queue<Step, std::vector<Step>, std::greater<>> steps;
    const auto offer = [&](std::size_t left) {
        if (left == kNone || next[left] == kNone) return;
        if (const Merge* merge = find_merge(symbols[left], symbols[next[left]]))
            steps.emplace(merge->rank, left, merge->key, merge->made);
    };
    for (std::size_t i = 0; i < size; ++i) offer(i);
    constexpr std::int32_t kGone = -1;
    while (!steps.empty()) {
        const auto [rank, left, key, made] = steps.top();
        steps.pop();
        if (symbols[left] == kGone || next[left] == kNone ||
            key_of(symbols[left], symbols[next[left]]) != key)
            continue;
        const std::size_t right = next[left];
        symbols[left] = made;
        symbols[right] = kGone;
        next[left] = next[right];
        if (next[left] != kNone) before[next[left]] = left;
        offer(before[left]);
        offer(left);
    }
    std::erase(symbols, kGone);
}

}  // namespace lip::text
