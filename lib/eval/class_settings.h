// Which classes there are, and how their names are put: the option group "classes".
#pragma once

#include <string>

namespace lip::eval {

enum class Synonyms { kMax, kMean };

struct ClassSettings {
    std::string classes;              // a file, or the name of a list that comes with the tools
    std::string templates = "photo";  // a set, a file, none, or a template
    Synonyms synonyms = Synonyms::kMax;
};

}  // namespace lip::eval
