// Files that come with the tools: templates, word lists, recipes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// Where the file `relative` is, e.g. "templates/imagenet80.txt": in ../share/liptools beside the
// folder of the running program, else in the share/ folder of the sources it was built from or
// among what their scripts/install-deps fetched. Throws DataError naming the places if it is in
// none.
std::string data_file(std::string_view relative);

// Names of the files in a folder of that data, without their extension, sorted: those of
// "templates" are what --templates takes beside files. Empty if the folder is nowhere.
std::vector<std::string> data_names(std::string_view folder);

}  // namespace lip::record
