# Writes OUTPUT, a C++ source with the pages PAGES (man/*.md) as text: cli::page_source finds them.
# Run as a script: cmake -DOUTPUT=... -DPAGES="a;b" -P embed_pages.cmake
set(entries)
foreach(page ${PAGES})
  get_filename_component(name ${page} NAME)
  string(REGEX REPLACE "\\.md$" "" name ${name})
  file(READ ${page} text)
  string(APPEND entries "    {\"${name}\",\n     R\"page(${text})page\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new "// Made of man/*.md by cmake/embed_pages.cmake.
#include \"cli/manual.h\"

namespace lip::cli {

std::string_view page_source(std::string_view name) {
    static const std::map<std::string_view, std::string_view> pages = {
${entries}    };
    return pages.at(name);
}

}  // namespace lip::cli
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
