// A walk over JSON that need not fit into memory: into the objects and arrays on the way, past what
// is not wanted, and element by element through an array. A bad element costs itself alone.
#pragma once

#include "cli/error.h"
#include "record/input.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lip::record {

class JsonWalk {
public:
    // Elements of more bytes than `most` are stepped over, and too-large.
    JsonWalk(std::unique_ptr<ByteSource> source, std::size_t most)
        : window_(std::move(source)), most_(most) {}

    struct Element {
        std::string text;  // of a bad one: its beginning
        std::uint64_t line = 0, offset = 0;
        std::optional<cli::Reject> reject;
        bool is_cut = false;  // the input ends here, or what follows cannot be told apart
    };

    // Steps over white space (and at the start over a byte order mark), and over `bracket` if that
    // comes next.
    bool enter(char bracket);
    // The name of the next field of the object that was entered, as it stands between its quotes.
    // False at the end of the object, and where no name follows.
    bool next_name(std::string& name);
    // Steps over the value that comes next. Constant memory.
    void skip_value();
    // The next object of the array that was entered. False behind its last one, and when nothing
    // can follow. `is_bare`: there is no array around the objects, they end with the input.
    bool next_element(Element& element, bool is_bare = false);

    std::uint64_t line() const { return line_ + 1; }
    bool would_wait() { return window_.would_wait(); }

private:
    void drop(std::size_t size);
    bool skip_any(std::string_view characters);
    bool fail(Element& element, const char* why);
    // `size`: bytes of it, as far as they are known.
    bool leave_out(Element& element, std::size_t size, cli::Reject reject);
    bool next_other(Element& element, bool is_bare);
    // Steps over a text, and adds it to `kept` as it stands between its quotes. False if it does
    // not end, or is longer than an element may be.
    bool skip_text(std::string* kept);
    void skip_nested();
    // Where the next element begins if the one in front of the window never ends as it should: at
    // the next line that begins with an object no further right. npos: none is to be seen.
    std::size_t next_sibling(bool wait);

    Window window_;
    std::size_t most_;
    std::uint64_t line_ = 0;
    std::string line_start_;  // what was taken of the line so far, at most kMostIndent + 1 bytes
    // How far in the latest element begins its line; npos: it stands behind something else.
    std::size_t indent_ = std::string_view::npos;
    bool at_start_ = true, done_ = false;
};

}  // namespace lip::record
