#include "text/clip_tokenizer.h"

#include "text/letters.h"
#include "text/tokenizer_config.h"
#include "text/utf8.h"

#include <algorithm>
#include <utility>

namespace lip::text {
namespace {

// Text that no way of cleaning changes but for its case and its white space, of which words know
// nothing: most captions. '&' may begin a reference, and some controls vanish.
bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= ' ' && c <= '~' && c != '&') || c == '\t' || c == '\n';
    });
}

bool keeps_letters(Clean clean) {
    return clean == Clean::kOpenClip || clean == Clean::kHuggingFace;
}

// Calls between(part) and special(id) in the order of the text; of added tokens that begin at the
// same place the longest counts.
template <typename Between, typename Special>
void cut_at_added(const std::vector<ClipVocabulary::Added>& added, std::string_view text,
                  Between between, Special special) {
    std::size_t begin = 0;
    const auto first = [&](const ClipVocabulary::Added& a) { return text.find(a.text, begin); };
    while (!added.empty()) {
        const auto next =
            std::min_element(added.begin(), added.end(), [&](const auto& a, const auto& b) {
                const std::size_t at_a = first(a), at_b = first(b);
                return at_a != at_b ? at_a < at_b : a.text.size() > b.text.size();
            });
        const std::size_t at = first(*next);
        if (at == text.npos) break;
        between(text.substr(begin, at - begin));
        special(next->id);
        begin = at + next->text.size();
    }
    between(text.substr(begin));
}

}  // namespace

ClipTokenizer::ClipTokenizer(ClipVocabulary vocabulary, Clean clean, std::string bytes,
                             const std::string& name)
    : vocabulary_(std::move(vocabulary)),
      pairs_(vocabulary_, name),
      clean_(clean),
      bytes_(std::move(bytes)) {
    if (clean_ != Clean::kHuggingFace) return;
    for (const ClipVocabulary::Added& added : vocabulary_.added) {
        ClipVocabulary::Added own = added;
        if (own.is_cleaned) own.text = clean_text(own.text, clean_);
        (own.is_cleaned ? cleaned_added_ : raw_added_).push_back(own);
    }
}

std::vector<std::int32_t> ClipTokenizer::encode(std::string_view text, std::int64_t context_length,
                                                bool* was_cut) const {
    const auto room = static_cast<std::size_t>(std::max<std::int64_t>(context_length - 2, 0));
    std::vector<std::int32_t> ids = {vocabulary_.begin_id};
    cut_at_added(
        raw_added_, text, [&](std::string_view part) { append_raw(ids, part, room + 1); },
        [&](std::int32_t id) { ids.push_back(id); });
    if (was_cut) *was_cut = ids.size() > room + 1;
    if (ids.size() > room + 1) ids.resize(room + 1);
    ids.push_back(vocabulary_.end_id);
    return ids;
}

void ClipTokenizer::append_raw(std::vector<std::int32_t>& ids, std::string_view text,
                               std::size_t limit) const {
    if (text.empty()) return;
    const std::string cleaned = keeps_letters(clean_) && is_plain(text) ? ascii_lower(text)
                                : clean_ == Clean::kNone ? replace_invalid_utf8(text).text
                                                         : clean_text(text, clean_);
    cut_at_added(
        cleaned_added_, cleaned, [&](std::string_view part) { append_cleaned(ids, part, limit); },
        [&](std::int32_t id) { ids.push_back(id); });
}

void ClipTokenizer::append_cleaned(std::vector<std::int32_t>& ids, std::string_view text,
                                   std::size_t limit) const {
    const ClipCut cut = clean_ != Clean::kHuggingFace ? ClipCut::kOpenClip
                        : vocabulary_.cuts_names      ? ClipCut::kHuggingFaceNames
                                                      : ClipCut::kHuggingFace;
    for (std::size_t pos = 0; ids.size() <= limit;) {
        const ClipWord word = next_clip_word(text, pos, cut);
        if (word.text.empty()) return;
        if (word.kind == ClipWord::kBegin)
            ids.push_back(vocabulary_.begin_id);
        else if (word.kind == ClipWord::kEnd)
            ids.push_back(vocabulary_.end_id);
        else if (word.kind == ClipWord::kName)
            append_name(ids, word.text);
        else
            pairs_.append(ids, word.text);
    }
}

void ClipTokenizer::append_name(std::vector<std::int32_t>& ids, std::string_view name) const {
    const std::size_t letters = name.size() - 2 * kNameSigns;
    pairs_.append(ids, name.substr(0, kNameSigns));
    pairs_.append(ids, name.substr(kNameSigns, letters));
    pairs_.append(ids, name.substr(kNameSigns + letters));
}

std::int32_t ClipTokenizer::pad_id() const {
    // open_clip fills with zeros, which is the token "!"; nothing after the end token is looked at.
    return clean_ == Clean::kHuggingFace ? vocabulary_.end_id : 0;
}

const std::string& ClipTokenizer::file_bytes() const {
    std::call_once(written_, [this] {
        if (bytes_.empty()) bytes_ = to_tokenizer_json(vocabulary_);
    });
    return bytes_;
}

std::string ClipTokenizer::config_json() const {
    return clean_ == Clean::kHuggingFace ? std::string() : to_tokenizer_config({.clean = clean_});
}

}  // namespace lip::text
