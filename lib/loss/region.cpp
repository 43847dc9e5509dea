#include "loss/region.h"

#include "tensor/math.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The valid rows of all regions, of which [own_begin, own_end) are this process's.
struct Regions {
    Tensor z, t, scale;
    Tensor compared;  // what the filter compares
    RegionContrast options;
};

Tensor compared_by(const Tensor& t, const RegionContrast& options) {
    return options.filter_centred ? tensor::unit(t - t.mean(0)) : t;
}

struct Tile {
    std::int64_t begin, end;
    bool own;
    Tensor of(const Tensor& x) const { return x.slice(0, begin, end); }
};

// Own rows have tiles of their own.
std::vector<Tile> tiles_of(const Regions& r) {
    std::vector<Tile> tiles;
    const RegionContrast& o = r.options;
    const auto add = [&](std::int64_t begin, std::int64_t end, bool own) {
        for (; begin < end; begin += o.tile)
            tiles.push_back({begin, std::min(begin + o.tile, end), own});
    };
    add(0, o.own_begin, false);
    add(o.own_begin, o.own_end, true);
    add(o.own_end, r.z.size(0), false);
    return tiles;
}

// S of a tile, -inf where a pair is filtered out.
Tensor similarities(const Regions& r, const Tile& rows, const Tile& columns) {
    Tensor s = rows.of(r.z).matmul(columns.of(r.t).t()).mul_(r.scale);
    if (!r.options.filter) return s;
    Tensor alike = rows.of(r.compared).matmul(columns.of(r.compared).t()).gt(*r.options.filter);
    if (rows.begin == columns.begin) alike.fill_diagonal_(false);
    return s.masked_fill_(alike, -INFINITY);
}

// Calls body(rows, columns, S) for all tiles with terms of own rows or own columns.
template <class Body>
void for_each_tile(const Regions& r, const std::vector<Tile>& tiles, const Body& body) {
    for (const Tile& rows : tiles)
        for (const Tile& columns : tiles)
            if (rows.own || columns.own) body(rows, columns, similarities(r, rows, columns));
}

struct RegionLoss : torch::autograd::Function<RegionLoss> {
    static Tensor forward(AutogradContext* context, const Tensor& z, const Tensor& t,
                          const Tensor& log_scale, const RegionContrast& options) {
        const Regions r{z, t, log_scale.exp().to(z.scalar_type()), compared_by(t, options),
                        options};
        const std::vector<Tile> tiles = tiles_of(r);
        const auto count = static_cast<double>(z.size(0));
        // log sum exp of own rows and own columns
        Tensor row_sums = at::full({z.size(0)}, -INFINITY, z.options()),
               column_sums = row_sums.clone();
        const auto add = [](Tensor sums, const Tensor& more) {
            sums.copy_(at::logaddexp(sums, more));
        };
        for_each_tile(r, tiles, [&](const Tile& rows, const Tile& columns, const Tensor& s) {
            if (rows.own) add(rows.of(row_sums), s.logsumexp(1));
            if (columns.own) add(columns.of(column_sums), s.logsumexp(0));
        });
        const Tile own{options.own_begin, options.own_end, true};
        const Tensor right = (own.of(z) * own.of(t)).sum(1) * r.scale;
        const Tensor loss =
            (own.of(row_sums) + own.of(column_sums) - 2 * right).sum() / (2 * count);

        // dL/dS = (row softmax + column softmax - 2 [p=q]) / 2R, each where its term is own
        Tensor dz = at::zeros_like(z), dt = at::zeros_like(t);
        for_each_tile(r, tiles, [&](const Tile& rows, const Tile& columns, const Tensor& s) {
            Tensor ds;
            if (rows.own) ds = (s - rows.of(row_sums).unsqueeze(1)).exp_();
            if (columns.own) {
                const Tensor more = (s - columns.of(column_sums)).exp_();
                ds = ds.defined() ? ds.add_(more) : more;
            }
            if (rows.begin == columns.begin) ds.diagonal().sub_(2);
            rows.of(dz).addmm_(ds, columns.of(t));
            columns.of(dt).addmm_(ds.t(), rows.of(z));
        });
        const Tensor factor = r.scale / (2 * count);
        dz.mul_(factor);
        dt.mul_(factor);
        // sum of dL/dS * S
        const Tensor dtheta = (dz * z).sum().to(log_scale.scalar_type());
        context->save_for_backward({dz, dt, dtheta});
        return loss;
    }

    static variable_list backward(AutogradContext* context, variable_list grad) {
        const auto saved = context->get_saved_variables();
        return {saved[0] * grad[0], saved[1] * grad[0], saved[2] * grad[0], Tensor()};
    }
};

void check_valid(const Tensor& valid, const Tensor& x) {
    TORCH_CHECK(!valid.defined() || (valid.dim() == 1 && valid.size(0) == x.size(0)),
                "regions: valid is not [N]");
}

}  // namespace

Tensor region_contrast(const Tensor& z, const Tensor& t, const Tensor& valid,
                       const Tensor& log_scale, const RegionContrast& options) {
    TORCH_CHECK(z.dim() == 2 && z.sizes() == t.sizes(), "region_contrast: z and t are not [N, D]");
    check_valid(valid, z);
    RegionContrast own = options;
    if (own.own_end < 0) own.own_end = z.size(0);
    TORCH_CHECK(own.tile > 0 && 0 <= own.own_begin && own.own_begin <= own.own_end &&
                    own.own_end <= z.size(0),
                "region_contrast: tile or own rows do not fit");
    if (!valid.defined()) {
        if (z.size(0) == 0) return z.sum() + t.sum();
        return RegionLoss::apply(z.contiguous(), t.contiguous(), log_scale, own);
    }
    // The other rows are never looked at.
    const Tensor rows = valid.nonzero().squeeze(1);
    const auto before = [&](std::int64_t end) {
        return valid.slice(0, 0, end).sum().item<std::int64_t>();
    };
    own.own_begin = before(own.own_begin);
    own.own_end = before(own.own_end);
    return region_contrast(z.index_select(0, rows), t.index_select(0, rows), {}, log_scale, own);
}

double filtered_share(const Tensor& t, const Tensor& valid, const RegionContrast& options) {
    const at::NoGradGuard no_grad;
    const Tensor rows = valid.defined() ? t.index_select(0, valid.nonzero().squeeze(1)) : t;
    const auto count = static_cast<double>(rows.size(0));
    if (!options.filter || count < 2) return 0;
    const Tensor compared = compared_by(rows, options);
    const Tensor alike = compared.matmul(compared.t()).gt(*options.filter).fill_diagonal_(false);
    return alike.sum().item<double>() / (count * (count - 1));
}

Tensor grounding_loss(const Tensor& boxes, const Tensor& found, const Tensor& valid,
                      double all_valid) {
    TORCH_CHECK(boxes.dim() == 2 && boxes.size(1) == 4 && boxes.sizes() == found.sizes(),
                "grounding_loss: boxes and what was found are not both [N, 4]");
    check_valid(valid, boxes);
    Tensor wanted = boxes, got = found;
    if (valid.defined()) {
        const Tensor rows = valid.nonzero().squeeze(1);
        wanted = boxes.index_select(0, rows);
        got = found.index_select(0, rows);
    }
    const double count = all_valid > 0 ? all_valid : static_cast<double>(wanted.size(0));
    return (got - wanted).square().sum() / (4 * std::max(count, 1.0));
}

}  // namespace lip::loss
