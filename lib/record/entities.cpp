#include "record/entities.h"

#include "cli/log.h"
#include "record/file.h"
#include "record/json_fields.h"
#include "record/pixel_regions.h"
#include "text/utf8.h"

#include <expat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>

namespace lip::record {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSides[] = {"xmin", "ymin", "xmax", "ymax"};
constexpr std::size_t kLargestFile = std::size_t{1} << 30;  // expat takes an int
constexpr std::string_view kMark = "[/EN#";

// What expat calls. Only the text of elements counts; they are known by their names.
class BoxHandler {
public:
    explicit BoxHandler(EntityBoxes& found) : found_(found) {}

    void begin(std::string_view name) {
        text_.clear();
        if (name == "object") names_.clear();
        if (name == "bndbox") box_ = {}, sides_ = 0;
    }
    void characters(std::string_view text) { text_ += text; }
    void end(std::string_view name) {
        const std::string value(text::trim(text_));
        text_.clear();
        if (name == "filename") found_.filename = value;
        if (name == "width") found_.width = value;
        if (name == "height") found_.height = value;
        if (name == "name") names_.push_back(value);
        const auto side = std::ranges::find(kSides, name) - std::begin(kSides);
        if (side < 4) sides_ += read_number(value, box_[static_cast<std::size_t>(side)]);
        if (name != "bndbox") return;
        found_.malformed += sides_ != 4;
        if (sides_ == 4)
            for (const std::string& id : names_) found_.boxes[id].push_back(box_);
    }

private:
    EntityBoxes& found_;
    std::string text_;
    std::vector<std::string> names_;
    std::array<double, 4> box_{};
    int sides_ = 0;
};

BoxHandler& handler(void* user) {
    return *static_cast<BoxHandler*>(user);
}
void on_begin(void* user, const XML_Char* name, const XML_Char**) {
    handler(user).begin(name);
}
void on_end(void* user, const XML_Char* name) {
    handler(user).end(name);
}
void on_text(void* user, const XML_Char* text, int size) {
    handler(user).characters({text, static_cast<std::size_t>(size)});
}

// The regions of a sentence's phrases. Those that are there already are passed over.
void add_regions(RegionList& regions, const EntitySentence& sentence, const EntityBoxes& boxes,
                 std::set<std::pair<std::string, std::string>>& seen) {
    for (const EntitySentence::Phrase& phrase : sentence.phrases) {
        const auto found = boxes.boxes.find(phrase.id);
        if (found == boxes.boxes.end() || !seen.emplace(phrase.id, phrase.words).second) continue;
        for (const auto& box : found->second) {
            PixelRegion region{box, phrase.words, "human", phrase.type};
            Object id;
            id.set_text("id", phrase.id);
            region.others = std::move(id.fields);
            regions.add(std::move(region), phrase.words);
        }
    }
}

class EntityRows final : public RowReader {
public:
    EntityRows(const std::string& folder, const ImportSettings& settings)
        : folder_(folder), settings_(settings) {
        for (const auto& entry : list("Sentences"))
            if (entry.extension() == ".txt" && !entry.filename().string().starts_with('.'))
                ids_.push_back(entry.stem().string());
        if (ids_.empty()) throw cli::DataError(folder + ": there is no .txt file in Sentences");
        std::ranges::sort(ids_);
        for (const auto& entry : list("Annotations"))
            orphans_ += entry.extension() == ".xml" &&
                        !entry.filename().string().starts_with('.') &&
                        !std::ranges::binary_search(ids_, entry.stem().string());
        if (orphans_ > 0)
            cli::warn(folder + ": " + std::to_string(orphans_) +
                      (orphans_ == 1 ? " file" : " files") +
                      " of Annotations left out: no such file is in Sentences");
        for (const char* split : {"train", "val", "test"}) read_split(split);
    }

    bool next(Row& row) override {
        if (at_ == ids_.size()) return false;
        const std::string& id = ids_[at_++];
        row = {};
        row.line = at_;
        const fs::path boxes = folder_ / "Annotations" / (id + ".xml");
        const auto limit = std::min(static_cast<std::size_t>(settings_.max_line), kLargestFile);
        std::string xml = fs::exists(boxes) ? read_regular_file(boxes.string(), limit) : "";
        row.fields = {id,
                      read_regular_file((folder_ / "Sentences" / (id + ".txt")).string(), limit),
                      std::move(xml)};
        return true;
    }
    bool would_wait() override { return false; }
    bool row_at(std::string_view, bool, Row&) const override { return false; }
    std::uint64_t orphans() const override { return orphans_; }

    cli::Result<Record> record(const Row& row) const override {
        const std::string& id = row.fields[0];
        if (row.fields[2].empty())
            return cli::Reject{"bad-record", "there is no Annotations/" + id + ".xml", id};
        const auto boxes = parse_entity_boxes(row.fields[2]);
        if (!boxes)
            return cli::Reject{boxes.reject().word,
                               "Annotations/" + id + ".xml: " + boxes.reject().message, id};
        RecordBuilder builder(settings_);
        builder.add({"key", Role::kKey, {}, {}}, id);
        builder.add({"filename", Role::kImage, {}, {}},
                    boxes->filename.empty() ? id + ".jpg" : boxes->filename);
        builder.add({"width", Role::kWidth, {}, {}}, boxes->width);
        builder.add({"height", Role::kHeight, {}, {}}, boxes->height);
        const Column column = caption_column(settings_, "Sentences", "human", "short");
        RegionList regions;
        std::vector<BadPart> bad;
        std::set<std::pair<std::string, std::string>> seen;
        std::string_view rest = row.fields[1];
        while (!rest.empty()) {
            const std::string_view line = text::trim(rest.substr(0, rest.find('\n')));
            rest.remove_prefix(std::min(rest.size(), rest.find('\n')));
            rest.remove_prefix(!rest.empty());
            if (line.empty()) continue;
            if (const auto sentence = parse_entity_sentence(line)) {
                builder.add(column, sentence->text);
                add_regions(regions, *sentence, *boxes, seen);
            } else {
                bad.push_back(
                    {{sentence.reject().word, sentence.reject().message, id}, std::string(line)});
            }
        }
        for (int i = 0; i < boxes->malformed; ++i)
            regions.add_bad("a box of Annotations/" + id + ".xml is not four numbers", "");
        auto record = builder.finish();
        if (!record) return record;
        Object size;
        size.set("width", boxes->width);
        size.set("height", boxes->height);
        regions.store(*record, size_of(size));
        for (BadPart& part : bad) record->bad_parts.push_back(std::move(part));
        if (const auto split = splits_.find(id); split != splits_.end())
            record->object.set_text("split", split->second);
        return record;
    }

    std::string describe() const override {
        return std::to_string(ids_.size()) +
               " images, human:short from Sentences, regions from Annotations";
    }

private:
    std::vector<fs::path> list(const char* name) const {
        std::vector<fs::path> paths;
        std::error_code error;
        fs::directory_iterator entry(folder_ / name, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error))
            paths.push_back(entry->path());
        if (error)
            throw cli::DataError((folder_ / name).string() + ": cannot list: " + error.message());
        return paths;
    }
    void read_split(const char* split) {
        const fs::path path = folder_ / (std::string(split) + ".txt");
        if (!fs::exists(path)) return;
        const std::string text = read_regular_file(path.string(), std::size_t{64} << 20);
        std::string_view rest = text;
        while (!rest.empty()) {
            splits_[std::string(text::trim(rest.substr(0, rest.find('\n'))))] = split;
            rest.remove_prefix(std::min(rest.size(), rest.find('\n')));
            rest.remove_prefix(!rest.empty());
        }
    }

    fs::path folder_;
    ImportSettings settings_;
    std::vector<std::string> ids_;
    std::unordered_map<std::string, std::string> splits_;
    std::uint64_t orphans_ = 0;
    std::size_t at_ = 0;
};

}  // namespace

cli::Result<EntitySentence> parse_entity_sentence(std::string_view line) {
    EntitySentence sentence;
    while (!line.empty()) {
        const std::size_t mark = line.find(kMark);
        sentence.text += line.substr(0, mark);
        if (mark == line.npos) break;
        line.remove_prefix(mark + kMark.size());
        const std::size_t space = line.find(' '), close = line.find(']');
        const std::string_view head = line.substr(0, space);
        const std::size_t slash = head.find('/');
        if (space == line.npos || close == line.npos || space > close || slash == head.npos ||
            slash == 0)
            return cli::Reject{"bad-caption", "the mark of a phrase is not [/EN#ID/TYPE WORDS]"};
        const std::string_view words = text::trim(line.substr(space, close - space));
        sentence.phrases.push_back({std::string(head.substr(0, slash)),
                                    std::string(head.substr(slash + 1)), std::string(words)});
        if (words.empty())
            return cli::Reject{"bad-caption", "the mark of a phrase is not [/EN#ID/TYPE WORDS]"};
        sentence.text += words;
        line.remove_prefix(close + 1);
    }
    return sentence;
}

cli::Result<EntityBoxes> parse_entity_boxes(std::string_view xml) {
    EntityBoxes boxes;
    BoxHandler handler(boxes);
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
        XML_ParserCreate(nullptr), XML_ParserFree);
    XML_SetUserData(parser.get(), &handler);
    XML_SetElementHandler(parser.get(), on_begin, on_end);
    XML_SetCharacterDataHandler(parser.get(), on_text);
    if (XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), 1) == XML_STATUS_OK)
        return boxes;
    return cli::Reject{"bad-xml", "not XML: line " +
                                      std::to_string(XML_GetCurrentLineNumber(parser.get())) +
                                      ": " + XML_ErrorString(XML_GetErrorCode(parser.get()))};
}

bool is_entities_folder(const std::string& folder) {
    return fs::is_directory(fs::path(folder) / "Sentences") &&
           fs::is_directory(fs::path(folder) / "Annotations");
}

std::unique_ptr<RowReader> open_entities(const std::string& folder,
                                         const ImportSettings& settings) {
    return std::make_unique<EntityRows>(folder, settings);
}

}  // namespace lip::record
