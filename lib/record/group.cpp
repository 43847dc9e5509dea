#include "record/group.h"

#include "cli/log.h"
#include "record/url.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace lip::record {
namespace {

constexpr std::size_t kSlots = std::size_t{1} << 20;

// Both are there and differ.
bool contradict(const std::string& a, const std::string& b) {
    return !a.empty() && !b.empty() && a != b && normalize_reference(a) != normalize_reference(b);
}

const std::string& reference_of(const Record& record) {
    return record.url.empty() ? record.image : record.url;
}

// Lists of regions: one record has those of all its rows.
bool is_of_regions(std::string_view name) {
    return name == "regions" || name == "pixel_regions" || name == "region_texts";
}

// Two JSON arrays as one.
std::string joined(std::string_view a, std::string_view b) {
    const auto inside = [](std::string_view list) {
        list = list.substr(1, list.size() - 2);
        const std::size_t begin = list.find_first_not_of(" \t\r\n");
        if (begin == list.npos) return std::string_view();
        return list.substr(begin, list.find_last_not_of(" \t\r\n") + 1 - begin);
    };
    const std::string_view first = inside(a), second = inside(b);
    const char* comma = first.empty() || second.empty() ? "" : ",";
    return std::string("[").append(first).append(comma).append(second).append("]");
}

bool is_list(std::string_view raw) {
    return raw.starts_with('[') && raw.ends_with(']');
}

// The labels of both, each once. Those of a list are texts.
std::string joined_labels(std::string_view a, std::string_view b) {
    std::vector<std::string> labels;
    for (const std::string_view raw : {a, b}) {
        bool is_array = false;
        auto items = array_items(raw, is_array);
        if (!is_array) items = {raw};
        for (const std::string_view item : items) {
            std::string label(item);
            if (!label.starts_with('"')) {
                label.clear();
                cli::append_json_string(label, item);
            }
            if (item != "null" && std::ranges::find(labels, label) == labels.end())
                labels.push_back(std::move(label));
        }
    }
    if (labels.size() == 1) return std::string(a);
    std::string out;
    for (const std::string& label : labels) out += (out.empty() ? "[" : ",") + label;
    return out + "]";
}

std::int64_t caption_bytes(const Record& record) {
    std::size_t bytes = 0;
    for (const Caption& caption : record.captions) bytes += caption.text.size() + 32;
    for (const Object::Field& field : record.object.fields)
        if (is_of_regions(field.name)) bytes += field.raw.size();
    return static_cast<std::int64_t>(bytes);
}

}  // namespace

void GroupCounts::add(const GroupCounts& other) {
    rows += other.rows;
    clashes += other.clashes;
    if (clash.empty()) clash = other.clash;
    for (const auto& [name, n] : other.differing) differing[name] += n;
}

void gather(Record& record, Record next, GroupCounts& counts) {
    ++counts.rows;
    for (Caption& caption : next.captions) record.captions.push_back(std::move(caption));
    for (Region& region : next.regions) record.regions.push_back(std::move(region));
    for (Object::Field& field : next.object.fields) {
        if (field.name == "key" || field.name == "captions") continue;
        const std::string* have = record.object.find(field.name);
        if (!have || *have == "null")
            record.object.set(field.name, std::move(field.raw));
        else if (is_of_regions(field.name) && is_list(*have) && is_list(field.raw))
            record.object.set(field.name, joined(*have, field.raw));
        else if (field.name == "label")
            record.object.set(field.name, joined_labels(*have, field.raw));
        else if (*have != field.raw && field.name != "url" && field.name != "image")
            ++counts.differing[field.name];
    }
    if (record.url.empty()) record.url = std::move(next.url);
    if (record.image.empty()) record.image = std::move(next.image);
}

bool Gatherer::belongs(const Record& next) {
    if (!on_ || !open_ || open_->key != next.key) return false;
    if (!contradict(open_->url, next.url) && !contradict(open_->image, next.image)) return true;
    ++counts_.clashes;
    if (counts_.clash.empty())
        counts_.clash = "\"" + next.key + "\" is the key of " + reference_of(*open_) + " and of " +
                        reference_of(next);
    return false;
}

std::optional<Record> Gatherer::add(Record next) {
    if (belongs(next)) {
        bytes_ += caption_bytes(next);
        if (bytes_ > most_bytes_)
            throw cli::DataError(
                "the rows of the key \"" + next.key +
                "\" are more than one record can hold, --max-line (if the key is not that of one "
                "image: --key url or path, or --map key=COLUMN; --group off keeps rows apart)");
        gather(*open_, std::move(next), counts_);
        has_gathered_ = true;
        return std::nullopt;
    }
    std::optional<Record> done = finish();
    bytes_ = caption_bytes(next);
    open_ = std::move(next);
    return done;
}

std::optional<Record> Gatherer::finish() {
    std::optional<Record> done = std::exchange(open_, std::nullopt);
    if (done && has_gathered_) done->update_captions();
    has_gathered_ = false;
    return done;
}

std::uint64_t KeyMemory::hash(std::string_view key) {
    return XXH3_64bits(key.data(), key.size());
}

bool KeyMemory::came_before(std::uint64_t hash) {
    if (slots_.empty()) slots_.resize(kSlots);
    std::uint64_t& slot = slots_[hash % kSlots];
    hash |= 1ULL << 63;  // 0 is a free slot
    if (slot == hash) return true;
    slot = hash;
    return false;
}

}  // namespace lip::record
