// CLIP's symmetric contrastive loss.
#pragma once

#include "loss/multi_positive.h"

namespace lip::loss {

// L = 1/(2N) sum_i [lse_n s<v_i,t_n> + lse_n s<v_n,t_i> - 2 s<v_i,t_i>]: the slot-aligned loss with
// one slot. v and t [N, D] unit vectors, log_scale the scalar ln s.
inline at::Tensor clip_loss(const at::Tensor& v, const at::Tensor& t, const at::Tensor& log_scale,
                            std::int64_t chunk = 1024) {
    return multi_positive_slots(v, t.unsqueeze(1), {}, log_scale, chunk);
}

}  // namespace lip::loss
