// What --mixing-summary writes.
#pragma once

#include "cmd/embed/embed.h"
#include "eval/mixing_figures.h"

#include <cstdint>

namespace lip::cmd {

// Of `images` mixed for `texts`; `skipped` could not be read. Throws DataError if the file exists
// and may not be replaced, or cannot be written.
void write_mixing_summary(const EmbedOptions& options, const eval::Embedder& embedder,
                          const eval::MixingFigures& figures, std::size_t images, std::size_t texts,
                          std::uint64_t skipped);

}  // namespace lip::cmd
