// Unpacking: gzip and zstd, known by their first bytes. What every tool reads goes through here.
#pragma once

#include "record/input.h"

#include <memory>
#include <string>
#include <string_view>

namespace lip::record {

// The bytes of `packed`, or what they unpack to. Several gzip members or zstd frames in a row count
// as one; skippable zstd frames (of pzstd, of our seek table) and zeros behind the last gzip member
// are left out. `name` is for messages. Throws DataError for data that is corrupt or cut, and for
// zstd data with a window over 128 MiB or a dictionary, with the remedy.
std::unique_ptr<ByteSource> unpack(std::unique_ptr<ByteSource> packed, std::string name);

// `head`, which was read already to look at it, then the rest.
std::unique_ptr<ByteSource> rejoin(std::string head, std::unique_ptr<ByteSource> rest);

}  // namespace lip::record
