// What an input is, by its first bytes once it is unpacked: the one place that decides. Its name
// says nothing.
#pragma once

#include "record/input.h"

#include <memory>
#include <string>
#include <string_view>

namespace lip::record {

enum class Content {
    kEmpty,
    kText,  // records, caption files
    kParquet,
    kTar,  // of any kind, a shard too; also one without members
    kPicture,
    kForeign,  // what no tool reads
};

// Enough of an input to tell.
inline constexpr std::size_t kContentBytes = 512;

struct ContentKind {
    Content content = Content::kEmpty;
    std::string_view what = {};    // "is a zip archive"; empty for text and nothing
    std::string_view remedy = {};  // "unpack it first"
    // "is a zip archive (unpack it first)"
    std::string message() const;
};

ContentKind content_of(std::string_view head);

// An input that is open: its bytes, unpacked and from the first one on, and what they are.
struct OpenInput {
    std::string name;  // as messages name it
    ContentKind kind;
    std::unique_ptr<ByteSource> bytes;
};

// Opens a file, a pipe, or standard input ("-"). Waits for a line of text or for kContentBytes.
// Throws DataError as open_bytes() does.
OpenInput open_input(const std::string& path);
// The same over bytes that are unpacked already.
OpenInput look_into(std::unique_ptr<ByteSource> bytes, std::string name);

// Why what was opened cannot be read as lines of records; empty if it can.
std::string no_records_because(const ContentKind& kind);

}  // namespace lip::record
