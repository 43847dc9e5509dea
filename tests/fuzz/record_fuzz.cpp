// Any bytes as a record: what is taken can be written and read again, by us and by another JSON
// library, and means the same.
#include "cli/log.h"
#include "record/mended_json.h"
#include "record/record.h"
#include "tests/fuzz/require.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace lip::record;

// Numbers that nlohmann's parser cannot hold.
bool has_large_numbers(std::string_view text) {
    return nlohmann::json::accept(without_numbers(text));
}

std::string line_of(const Record& record) {
    std::string line;
    append_json(line, record);
    return line;
}

bool same(const Caption& a, const Caption& b) {
    return a.text == b.text && a.source == b.source && a.form == b.form &&
           a.sentences == b.sentences && a.phrases == b.phrases && a.flags == b.flags;
}

bool same(const Record& a, const Record& b) {
    if (a.key != b.key || a.image != b.image || a.url != b.url || a.mask != b.mask ||
        a.width != b.width || a.height != b.height || a.labels != b.labels ||
        a.captions.size() != b.captions.size() || a.regions.size() != b.regions.size())
        return false;
    for (std::size_t i = 0; i < a.captions.size(); ++i)
        if (!same(a.captions[i], b.captions[i])) return false;
    for (std::size_t i = 0; i < a.regions.size(); ++i)
        if (a.regions[i].box != b.regions[i].box || a.regions[i].text != b.regions[i].text ||
            a.regions[i].score != b.regions[i].score)
            return false;
    return true;
}

void check_record(Record record) {
    const std::string line = line_of(record);
    require(nlohmann::json::accept(without_numbers(line)), "a line written is JSON");
    const auto again = parse_record(line);
    require(again && same(*again, record) && line_of(*again) == line, "a line reads back");
    for (const Caption& caption : record.captions)
        for (std::size_t i = 0; caption.sentences && i < caption.sentences->size(); ++i)
            require(caption.sentence(i).size() <= caption.text.size(), "spans lie in the text");

    record.update_captions();
    const std::string updated = line_of(record);
    require(nlohmann::json::accept(without_numbers(updated)), "captions written anew are JSON");
    const auto reread = parse_record(updated);
    require(reread && same(*reread, record), "captions written anew read back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto object = parse_object(text);
    if (object) {
        require(nlohmann::json::accept(text) || mend_json(text) || has_large_numbers(text),
                "what is taken is JSON, or was mended");
        std::string line;
        object->append_json(line);
        require(nlohmann::json::accept(without_numbers(line)), "what comes out is JSON");
        const auto again = parse_object(line);
        require(static_cast<bool>(again), "an object reads back");
        std::string twice;
        again->append_json(twice);
        require(line == twice, "an object is written the same twice");
    } else {
        require(!object.reject().message.empty(), "a reject says why");
    }
    require(without_numbers(text).size() == text.size(), "the same length");
    auto record = parse_record(text);
    require(!record || object, "a record is an object");
    if (record) check_record(std::move(*record));
    bool is_array = false;
    for (const std::string_view item : array_items(text, is_array)) require(!item.empty(), "items");
    return 0;
}
