#include "eval/confusion.h"

#include "record/file.h"

#include <algorithm>

namespace lip::eval {
namespace {

// A field by RFC 4180.
void append_field(std::string& out, const std::string& text) {
    if (text.find_first_of(",\"\r\n") == text.npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

}  // namespace

std::int64_t predicted_class(std::span<const float> scores, std::int64_t truth) {
    std::int64_t best = truth;
    for (std::size_t c = 0; c < scores.size(); ++c) {
        const auto other = static_cast<std::int64_t>(c);
        const float score = scores[c], highest = scores[static_cast<std::size_t>(best)];
        // A tie with the truth is lost, one among wrong classes goes to the first of them.
        if (other != truth && (score > highest || (score == highest && best == truth)))
            best = other;
    }
    return best;
}

void Confusion::write_csv(const std::string& path, const std::vector<std::string>& ids,
                          bool force) const {
    record::Output file(path, force);
    std::string line = "truth";
    for (const std::string& id : ids) {
        line += ',';
        append_field(line, id);
    }
    file.write(line + "\n");
    auto sorted = pairs_;
    std::sort(sorted.begin(), sorted.end());
    auto next = sorted.begin();
    std::vector<std::int64_t> counts(ids.size());
    for (std::size_t truth = 0; truth < ids.size(); ++truth) {
        std::fill(counts.begin(), counts.end(), 0);
        for (; next != sorted.end() && next->first == static_cast<std::int64_t>(truth); ++next)
            ++counts[static_cast<std::size_t>(next->second)];
        line.clear();
        append_field(line, ids[truth]);
        for (const std::int64_t count : counts) line += ',' + std::to_string(count);
        file.write(line + "\n");
    }
    file.close();
}

}  // namespace lip::eval
