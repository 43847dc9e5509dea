// Flickr30k Entities as it is released: a folder with Sentences/ID.txt and Annotations/ID.xml.
#pragma once

#include "record/formats.h"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// As --input-format names it.
inline constexpr std::string_view kEntities = "flickr30k-entities";

// A line of Sentences/ID.txt: "[/EN#1/people Two men] look at [/EN#2/other/bodyparts their hands]".
struct EntitySentence {
    struct Phrase {
        std::string id, type, words;  // "1", "people", "Two men"
    };
    std::string text;  // without the marks
    std::vector<Phrase> phrases;
};
// Rejects a mark that does not end, or has no id or no words: bad-caption.
cli::Result<EntitySentence> parse_entity_sentence(std::string_view line);

// Annotations/ID.xml, in the form of PASCAL VOC.
struct EntityBoxes {
    std::string filename, width, height;
    std::map<std::string, std::vector<std::array<double, 4>>> boxes;  // of each id, in pixels
    int malformed = 0;  // objects whose box is not four numbers
};
// Rejects what is not well-formed XML: bad-xml.
cli::Result<EntityBoxes> parse_entity_boxes(std::string_view xml);

// Does the folder hold Sentences and Annotations?
bool is_entities_folder(const std::string& folder);

// A row for each of Sentences/ID.txt, in the order of the names: its lines are captions, the boxes
// of their phrases regions. An ID in train.txt, val.txt or test.txt of the folder gives the field
// "split". Throws DataError for a folder that cannot be read or holds no sentences.
std::unique_ptr<RowReader> open_entities(const std::string& folder, const ImportSettings& settings);

}  // namespace lip::record
