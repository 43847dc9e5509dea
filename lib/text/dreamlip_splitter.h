// The compatibility splitter: the pieces that DreamLIP's released code cuts, and no others.
#pragma once

#include "text/splitter.h"

#include <string_view>
#include <vector>

namespace lip::text {

// Cuts at every line feed, every "</s>" and every ASCII period; these vanish. Pieces are
// stripped of white space (lip::text::is_space), empty ones are dropped. Nothing else cuts.
// Linear, thread-safe. Requires text.size() < 2^32.
std::vector<Span> split_like_dreamlip(std::string_view text);

// For --drop-truncated: the piece ends with one of . ! ? … " ' ” ’ ) ] 。 ！ ？ These stay as they
// are, whatever end_marks.h learns: runs of this splitter must be repeatable.
bool ends_like_dreamlip(std::string_view piece);

}  // namespace lip::text
