// Wrong candidates with exactly the score of the right one.
#pragma once

namespace lip::eval {

// What they count as. With kPessimistic a collapsed model, whose scores are all equal, gets
// nothing; with kOptimistic it gets everything.
enum class Ties { kPessimistic, kOptimistic, kMean };

}  // namespace lip::eval
