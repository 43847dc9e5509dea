// Published models whose weights are CLIP's but for some tensors.
#pragma once

#include "model/foreign.h"

namespace lip::model {

// Gives the tensors of these models the place that they have when their authors' code computes
// vectors, and takes away those that only training uses; what remains without a place stays.
// Everything done is in `notes`.
//   Long-CLIP (Zhang et al. 2024, section 3.2): its two tables of text positions become one.
//   FG-CLIP (Xie et al. 2025): short texts, or with `long_text` those of 248 tokens, which have a
//     table and a projection of their own.
//   FLAIR (Xiao et al. 2025): the projections of its vectors, and the pooling by which texts ask
//     the patches: a model of --method flair.
//   COSMOS (Kim et al. 2025), DreamLIP (Zheng et al. 2024): heads of the training fall away.
void fit_released(ForeignModel& foreign, bool long_text);

}  // namespace lip::model
