// A step of several ranks, here threads of one process that talk over Gloo: loss and gradients are
// those of one process with the joined batch.
#include "train/step.h"

#include "cli/error.h"
#include "tests/support/small_step.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <thread>

using namespace lip;
using at::Tensor;

namespace {

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    ::close(fd);
    return ntohs(address.sin_port);
}

void run_ranks(int count, const std::function<void(const tensor::Group&)>& body,
               std::chrono::seconds timeout = std::chrono::seconds(60)) {
    const std::uint16_t port = free_port();
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
    std::vector<std::thread> threads;
    for (int rank = 0; rank < count; ++rank)
        threads.emplace_back([&, rank] {
            try {
                const tensor::Group group(
                    {.rank = rank, .size = count, .host = "127.0.0.1", .port = port}, timeout);
                body(group);
                group.wait_for_all();
            } catch (...) {
                failures[static_cast<std::size_t>(rank)] = std::current_exception();
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

// With an equal text on another rank, and lost texts on two of them.
train::Batch joined_batch(std::int64_t images, std::int64_t slots) {
    train::Batch batch = test::small_batch(images, slots);
    batch.texts.back() = batch.texts.front();
    if (slots > 1) batch.valid[5][0] = false;
    test::add_regions(batch);
    // One of four ranks has no region at all.
    batch.regions.phrases.resize(batch.regions.phrases.size() - 2);
    batch.regions.valid.slice(0, images - 2).fill_(false);
    return batch;
}

train::Batch part_of(const train::Batch& all, int rank, int ranks) {
    const std::int64_t images = all.pixels.size(0) / ranks, slots = all.valid.size(1);
    train::Batch part;
    part.pixels = all.pixels.slice(0, rank * images, (rank + 1) * images);
    part.valid = all.valid.slice(0, rank * images, (rank + 1) * images);
    part.texts.assign(all.texts.begin() + rank * images * slots,
                      all.texts.begin() + (rank + 1) * images * slots);
    part.draws.assign(all.draws.begin() + rank * images, all.draws.begin() + (rank + 1) * images);
    const std::int64_t before =
        all.regions.valid.slice(0, 0, rank * images).sum().item<std::int64_t>();
    part.regions.boxes = all.regions.boxes.slice(0, rank * images, (rank + 1) * images);
    part.regions.valid = all.regions.valid.slice(0, rank * images, (rank + 1) * images);
    const auto first = all.regions.phrases.begin() + before;
    part.regions.phrases.assign(first, first + part.regions.valid.sum().item<std::int64_t>());
    return part;
}

std::vector<Tensor> step_of(const train::Method& method, const model::ModelConfig& config,
                            const train::Batch& batch, const tensor::Group* ranks,
                            bool ring = false) {
    model::LanguageImageModel m(config, 1);
    const train::StepLoss loss =
        train::forward_backward(method, m, batch, {.ranks = ranks, .ring = ring});
    std::vector<Tensor> all = {loss.total};
    if (loss.local.defined()) all.push_back(loss.local);
    for (const auto& named : m.parameters.all()) all.push_back(named.second.grad());
    return all;
}

}  // namespace

namespace {

void check_same(const std::vector<Tensor>& rank, const std::vector<Tensor>& first,
                const std::vector<Tensor>& one) {
    REQUIRE(rank.size() == one.size());
    double off = 0, all = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        REQUIRE(rank[i].defined() == one[i].defined());
        if (!one[i].defined()) continue;
        CAPTURE(i);
        off += (rank[i] - one[i]).square().sum().item<double>();
        all += one[i].square().sum().item<double>();
        CHECK(rank[i].equal(first[i]));  // the same bits on all ranks
    }
    CHECK(off < 1e-12 * all);
    CHECK(std::abs((rank[0] - one[0]).item<double>()) < 1e-6 * (1 + one[0].item<double>()));
}

struct RankCase {
    std::string_view method, setting;
    std::int64_t texts = 1;
};

constexpr RankCase kRankCases[] = {
    {"clip", ""},
    {"siglip", ""},
    {"dreamlip", "", 3},
    {"dreamlip", "dreamlip.positives=all", 3},
    {"dreamlip", "dreamlip.positives=lse", 3},
    {"dreamlip", "dreamlip.positives=sigmoid", 3},
    {"dreamlip", "dreamlip.mask_equal_texts=true", 3},
    {"dreamlip", "dreamlip.local_weight=0", 3},
    {"dreamlip", "dreamlip.local_negatives=batch", 3},
    {"llip", ""},
    {"llip", "", 3},
    {"llip", "llip.learn_temperature=true", 3},
    {"llip", "llip.mixing=learned", 3},
    {"llip", "llip.mixing=average"},
    {"flair", "", 3},
    {"flair", "flair.negatives=all", 3},
    {"cloc", ""},
    {"cloc", "cloc.region_scale=own"},
    {"cloc", "cloc.grounding_weight=0"},
};

}  // namespace

TEST_CASE("loss and gradients of 2 and 4 ranks are those of one process, gathered or in a ring") {
    REQUIRE(tensor::has_gloo());
    for (const train::Method& method : train::methods())
        CHECK(std::ranges::count(kRankCases, method.name, &RankCase::method) > 0);
    for (const auto& [name, setting, texts] : kRankCases) {
        const train::Method& method = train::find_method(name);
        model::ModelConfig config = test::small_config(method);
        if (!setting.empty()) model::apply_setting(config, std::string(setting));
        method.configure(config);
        const train::Batch batch = joined_batch(8, texts);
        const auto one = step_of(method, config, batch, nullptr);
        for (const int count : {2, 4})
            for (const bool ring : {false, true}) {
                if (ring && !method.own_images_suffice) continue;
                std::vector<std::vector<Tensor>> got(static_cast<std::size_t>(count));
                run_ranks(count, [&](const tensor::Group& group) {
                    got[static_cast<std::size_t>(group.rank())] =
                        step_of(method, config, part_of(batch, group.rank(), count), &group, ring);
                });
                CAPTURE(std::string(name) + " " + std::string(setting));
                CAPTURE(ring);
                for (const auto& rank : got) check_same(rank, got[0], one);
            }
    }
}

TEST_CASE("a rank that leaves ends the others, and one that is silent, too") {
    CHECK_THROWS_WITH_AS(run_ranks(
                             2,
                             [](const tensor::Group& group) {
                                 if (group.rank() == 1) return;
                                 for (int i = 0; i < 3; ++i) group.sum(at::ones({4}));
                             },
                             std::chrono::seconds(3)),
                         doctest::Contains("has ended or is silent"), cli::DataError);
}

TEST_CASE("gradients that no rank has stay undefined; one that some have is summed") {
    run_ranks(2, [](const tensor::Group& group) {
        std::vector<Tensor> parameters;
        for (int i = 0; i < 3; ++i) parameters.push_back(at::zeros({2, 3}).requires_grad_(true));
        parameters[0].mutable_grad() = at::full({2, 3}, 1.0 + group.rank());
        if (group.rank() == 1) parameters[2].mutable_grad() = at::ones({2, 3});
        group.sum_gradients(parameters).finish();
        CHECK(parameters[0].grad().eq(3).all().item<bool>());
        CHECK(!parameters[1].grad().defined());
        CHECK(parameters[2].grad().eq(1).all().item<bool>());
        CHECK(group.gather(at::full({1, 2}, group.rank()))
                  .equal(at::arange(2).view({2, 1}).expand({2, 2})));
        CHECK(group.sum_scatter(at::arange(4)).equal(at::arange(2).add_(2 * group.rank()).mul_(2)));
    });
}
