#include "tensor/launcher.h"

#include "cli/error.h"
#include "record/keyed_rng.h"

#include <charconv>
#include <cstdlib>

namespace lip::tensor {
namespace {

int number(const std::string& text, const char* name, int least, int most) {
    int value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || value < least || value > most)
        throw cli::UsageError(std::string(name) + "=" + text +
                              " in the environment is not a number " + "from " +
                              std::to_string(least) + " to " + std::to_string(most));
    return value;
}

// Names of one launcher's variables.
struct Launcher {
    const char *rank, *size, *local_rank, *local_size;
    const char* job;  // has another value in each run; null: address and port are said
};
constexpr Launcher kTorchrun = {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", nullptr};
constexpr Launcher kOpenMpi = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                               "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
                               "PMIX_NAMESPACE"};
constexpr Launcher kSlurm = {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", nullptr,
                             "SLURM_JOB_ID"};

// SLURM_STEP_TASKS_PER_NODE: "4(x2),3" is 4, 4 and 3; all alike, or unknown.
int tasks_on_node(const std::optional<std::string>& list, int size) {
    if (!list || list->find(',') != list->npos) return 1;
    const std::size_t digits = list->find('(');
    return number(list->substr(0, digits), "SLURM_STEP_TASKS_PER_NODE", 1, size);
}

// Private ports, by the job, so that two of them on a machine do not meet.
std::uint16_t port_of(const std::string& job) {
    return static_cast<std::uint16_t>(49152 + record::fnv1a64(job) % 16000);
}

RankPlace place_by(const Launcher& names, const Environment& variable) {
    RankPlace place;
    place.size = number(*variable(names.size), names.size, 1, 1 << 20);
    place.rank = number(*variable(names.rank), names.rank, 0, place.size - 1);
    if (const auto text = variable(names.local_rank))
        place.local_rank = number(*text, names.local_rank, 0, place.size - 1);
    if (names.local_size) {
        if (const auto text = variable(names.local_size))
            place.local_size = number(*text, names.local_size, 1, place.size);
    } else {
        place.local_size = tasks_on_node(variable("SLURM_STEP_TASKS_PER_NODE"), place.size);
    }
    if (place.size == 1) return place;

    const auto host = variable("MASTER_ADDR"), port = variable("MASTER_PORT");
    if (host) place.host = *host;
    if (port)
        place.port = static_cast<std::uint16_t>(number(*port, "MASTER_PORT", 1, 65535));
    else if (names.job)
        place.port = port_of(variable(names.job).value_or("?"));
    if (!host && &names == &kSlurm)
        place.host = first_node(variable("SLURM_STEP_NODELIST").value_or(""));
    else if (!host && names.job && place.local_size == place.size)
        place.host = "127.0.0.1";
    if (place.host.empty() || place.port == 0)
        throw cli::UsageError(
            "this is one of " + std::to_string(place.size) + " ranks according to " + names.size +
            ", but MASTER_ADDR and MASTER_PORT, the address of rank 0, are not in the environment");
    place.has_store = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    place.attempt = variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
    return place;
}

}  // namespace

RankPlace rank_place(const Environment& variable) {
    if (variable(kTorchrun.size) && variable(kTorchrun.rank)) return place_by(kTorchrun, variable);
    if (variable(kOpenMpi.size) && variable(kOpenMpi.rank)) return place_by(kOpenMpi, variable);
    // A batch script has the variables of its job, too; only in a step are there processes.
    if (variable(kSlurm.size) && variable(kSlurm.rank) && variable("SLURM_STEP_NODELIST"))
        return place_by(kSlurm, variable);
    return {};
}

RankPlace rank_place() {
    return rank_place([](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value ? std::optional<std::string>(value) : std::nullopt;
    });
}

std::string first_node(const std::string& list) {
    const std::size_t end = list.find_first_of(",[");
    const std::string name = list.substr(0, end);
    if (end == list.npos || list[end] == ',') return name;
    const std::size_t digits_end = list.find_first_of("-,]", end + 1);
    return name + list.substr(end + 1, digits_end == list.npos ? digits_end : digits_end - end - 1);
}

}  // namespace lip::tensor
