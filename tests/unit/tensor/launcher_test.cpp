// Who a process is among the ranks, by the variables of its launcher.
#include "tensor/launcher.h"

#include "cli/error.h"

#include <doctest/doctest.h>

#include <map>

using namespace lip;

namespace {

tensor::RankPlace place_in(const std::map<std::string, std::string>& variables) {
    return tensor::rank_place([&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    });
}

}  // namespace

TEST_CASE("ranks: torchrun, Open MPI, Slurm, and none of them") {
    CHECK(place_in({}).size == 1);
    CHECK(place_in({}).host.empty());

    const auto torchrun = place_in({{"RANK", "3"},
                                    {"WORLD_SIZE", "4"},
                                    {"LOCAL_RANK", "1"},
                                    {"LOCAL_WORLD_SIZE", "2"},
                                    {"MASTER_ADDR", "a"},
                                    {"MASTER_PORT", "29500"},
                                    {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                    {"TORCHELASTIC_RESTART_COUNT", "2"}});
    CHECK(torchrun.rank == 3);
    CHECK(torchrun.size == 4);
    CHECK(torchrun.local_rank == 1);
    CHECK(torchrun.local_size == 2);
    CHECK(torchrun.host == "a");
    CHECK(torchrun.port == 29500);
    CHECK(torchrun.has_store);
    CHECK(torchrun.attempt == "2");

    std::map<std::string, std::string> mpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                                              {"OMPI_COMM_WORLD_SIZE", "2"},
                                              {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                              {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                                              {"PMIX_NAMESPACE", "job1"}};
    CHECK(place_in(mpi).host == "127.0.0.1");
    CHECK(place_in(mpi).port >= 49152);
    CHECK(place_in(mpi).rank == 1);
    mpi["PMIX_NAMESPACE"] = "job2";
    CHECK(place_in(mpi).port != 0);
    mpi["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";  // on two machines: where is rank 0?
    CHECK_THROWS_AS(place_in(mpi), cli::UsageError);
    mpi["MASTER_ADDR"] = "b";
    CHECK(place_in(mpi).host == "b");

    std::map<std::string, std::string> slurm = {
        {"SLURM_PROCID", "5"},  {"SLURM_STEP_NUM_TASKS", "8"},
        {"SLURM_LOCALID", "1"}, {"SLURM_STEP_TASKS_PER_NODE", "4(x2)"},
        {"SLURM_JOB_ID", "77"}, {"SLURM_STEP_NODELIST", "gpu[07-08]"}};
    CHECK(place_in(slurm).host == "gpu07");
    CHECK(place_in(slurm).local_size == 4);
    CHECK(place_in(slurm).rank == 5);
    slurm.erase("SLURM_STEP_NODELIST");  // a batch script
    CHECK(place_in(slurm).size == 1);
}

TEST_CASE("ranks: variables that are wrong are named") {
    const std::map<std::string, std::string> good = {
        {"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}};
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"RANK", "2"}, {"WORLD_SIZE", "x"}, {"MASTER_PORT", "99999"}, {"RANK", "-1"}}) {
        auto bad = good;
        bad[name] = value;
        CHECK_THROWS_WITH_AS(place_in(bad), doctest::Contains(name.c_str()), cli::UsageError);
    }
    auto without = good;
    without.erase("MASTER_PORT");
    CHECK_THROWS_WITH_AS(place_in(without), doctest::Contains("MASTER_PORT"), cli::UsageError);
}

TEST_CASE("ranks: the first of Slurm's nodes") {
    CHECK(tensor::first_node("n") == "n");
    CHECK(tensor::first_node("n,m") == "n");
    CHECK(tensor::first_node("n[03-05,9],m") == "n03");
    CHECK(tensor::first_node("n[9]") == "n9");
    CHECK(tensor::first_node("a-b-1,a-b-2") == "a-b-1");
}
