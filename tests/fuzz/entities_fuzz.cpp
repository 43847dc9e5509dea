// Any bytes as a sentence of Flickr30k Entities, and behind a zero as the XML with its boxes:
// phrases that stand in the text, boxes of four numbers, or a reject with its word.
#include "record/entities.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lip::record;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t zero = bytes.find('\0');
    if (const auto sentence = parse_entity_sentence(bytes.substr(0, zero))) {
        require(sentence->text.size() <= size, "a sentence is no longer than its line");
        for (const EntitySentence::Phrase& phrase : sentence->phrases)
            require(!phrase.words.empty() && !phrase.id.empty() &&
                        sentence->text.find(phrase.words) != std::string::npos,
                    "the words of a phrase stand in the sentence");
    } else {
        require(sentence.reject().word == "bad-caption", "a bad sentence is a bad caption");
    }
    if (zero == bytes.npos) return 0;
    if (const auto boxes = parse_entity_boxes(bytes.substr(zero + 1))) {
        require(boxes->malformed >= 0, "boxes are counted");
        for (const auto& [id, found] : boxes->boxes)
            require(!found.empty(), "an entity that is there has a box");
    } else {
        require(boxes.reject().word == "bad-xml", "what is not XML is called that");
    }
    return 0;
}
