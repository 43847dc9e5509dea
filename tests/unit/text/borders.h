// Captions whose borders between sentences are marked with " ‖ ".
#pragma once

#include "text/splitter.h"

#include <string>
#include <string_view>

// The caption with its borders marked, as the splitter sees them.
inline std::string marked(std::string_view caption) {
    std::string joined;
    for (const lip::text::Span& span : lip::text::SentenceSplitter({}).split(caption)) {
        if (!joined.empty()) joined += " ‖ ";
        joined += lip::text::slice(caption, span);
    }
    return joined;
}

// The caption without its marks. The space behind each mark stays.
inline std::string unmarked(std::string_view example) {
    constexpr std::string_view kBorder = " ‖";
    std::string caption(example);
    for (std::size_t pos = 0; (pos = caption.find(kBorder, pos)) != caption.npos;)
        caption.erase(pos, kBorder.size());
    return caption;
}
