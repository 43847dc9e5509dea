// What a launcher (torchrun, mpirun, srun) says of the processes of a run, its ranks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lip::tensor {

// A process among those of a run.
struct RankPlace {
    int rank = 0, size = 1;
    int local_rank = 0, local_size = 1;  // on its machine
    std::string host;                    // where rank 0 listens; empty: one process alone
    std::uint16_t port = 0;
    bool has_store = false;  // the launcher listens there, not rank 0
    std::string attempt;     // tells runs apart that share such a store
};

// From RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT (torchrun and whoever sets them), else from Open
// MPI's OMPI_COMM_WORLD_*, else from Slurm's SLURM_* in a step of srun. With the last two
// MASTER_ADDR and MASTER_PORT win; without them it is this machine or the first node of the step,
// and a port from the number of the job. `variable` gives the value of one; std::nullopt: not set.
// Throws UsageError where the variables are incomplete or no numbers.
using Environment = std::function<std::optional<std::string>(const char* variable)>;
RankPlace rank_place(const Environment& variable);
RankPlace rank_place();  // of this process

// The first of Slurm's compressed list of nodes: "n" of "n,m", "n03" of "n[03-05,9],m".
std::string first_node(const std::string& list);

}  // namespace lip::tensor
