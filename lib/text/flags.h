// Detectors of dirt in one caption. They only name what they find; the text is never changed.
#pragma once

#include "text/splitter.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// A set of detectors, one bit each in the order of flag_names().
using FlagSet = std::uint32_t;
inline constexpr FlagSet kAllFlags = ~FlagSet{0};

// Every flag a detector can set, in the order in which detect_flags reports them. The flags
// invalid_utf8, duplicate, leak, presplit, raw_mismatch and long_text are set elsewhere.
std::vector<std::string_view> flag_names();

// What the detector of this name looks for, in one line; empty for an unknown name.
std::string_view flag_summary(std::string_view name);

// The bit of a flag, nothing for an unknown name.
std::optional<FlagSet> flag_bit(std::string_view name);

// The flags of a caption: words, and "word@N" for what concerns sentence N alone (from 0). `form`
// is raw, short or long: only a long caption can be `truncated`, any other has `no_period`.
// Requires spans within `text`. Thread-safe; takes O(n log n) time.
std::vector<std::string> detect_flags(std::string_view text, std::string_view form,
                                      const std::vector<Span>& sentences,
                                      FlagSet wanted = kAllFlags);

// True for the texts that stand for "no caption": empty, "nan", "None", "null" and the like,
// in any case and with white space around.
bool is_missing_caption(std::string_view text);

}  // namespace lip::text
