// The tables of Flickr8k and Flickr30k with a row a caption.
#include "record/delimited.h"
#include "record/shape.h"
#include "text/letters.h"

#include <algorithm>

namespace lip::record {
namespace {

// "1.jpg#0" is caption 0 of 1.jpg.
void drop_number(std::vector<std::string>& fields) {
    if (fields.empty()) return;
    std::string& image = fields[0];
    std::size_t end = image.size();
    while (end > 0 && lip::text::is_ascii_digit(image[end - 1])) --end;
    if (end > 1 && end < image.size() && image[end - 1] == '#') image.resize(end - 1);
}

// One row of results.csv has lost the delimiter between number and comment:
// "2199200615.jpg| 4   A dog runs across the grass ."
void split_number(std::vector<std::string>& fields) {
    if (fields.size() != 2) return;
    const std::string text = fields[1];
    std::size_t begin = text.find_first_not_of(' ');
    std::size_t end = begin;
    while (end < text.size() && lip::text::is_ascii_digit(text[end])) ++end;
    if (begin == text.npos || end == begin || end >= text.size() || text[end] != ' ') return;
    const std::size_t comment = std::min(text.find_first_not_of(' ', end), text.size());
    fields[1] = text.substr(begin, end - begin);
    fields.push_back(text.substr(comment));
}

}  // namespace

std::unique_ptr<RowReader> open_flickr_tokens(std::unique_ptr<ByteSource> source,
                                              const ImportSettings& settings,
                                              const std::string& name, const Shape&) {
    return plain_rows(
        std::move(source), settings, name, '\t',
        {{"image", Role::kImage, {}, {}}, {"caption", Role::kCaption, "human", "short"}},
        drop_number);
}

std::unique_ptr<RowReader> open_flickr30k_csv(std::unique_ptr<ByteSource> source,
                                              const ImportSettings& settings,
                                              const std::string& name, const Shape& shape) {
    const Release* release = find_release("flickr30k-csv");
    char delimiter = '|';
    for (const auto& [tried, rows] : tables(shape))
        if (!rows->empty() && has_columns(*release, rows->front())) delimiter = tried;
    return delimited_rows(std::move(source), settings, name, delimiter, release, split_number);
}

}  // namespace lip::record
