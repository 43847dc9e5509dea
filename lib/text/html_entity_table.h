// The named character references of HTML 5; scripts/make-text-tables writes html_entity_table.cpp.
#pragma once

#include <cstddef>

namespace lip::text {

struct HtmlEntity {
    const char* name;   // "eacute;"; some old ones also without ';'
    const char* text;   // UTF-8
    const char* upper;  // what the name in capitals stands for, null if nothing
};
extern const HtmlEntity kHtmlEntities[];  // ascending by the bytes of the name
extern const std::size_t kHtmlEntitiesSize;

}  // namespace lip::text
