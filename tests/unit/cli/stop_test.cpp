#include "cli/stop.h"

#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace lip::cli {
namespace {

// Signals change the process for good, so each case has a process of its own. Returns what wait
// says of it.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        // The test program's own handlers must not report what is meant to happen.
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGABRT, SIGSEGV})
            ::signal(number, SIG_DFL);
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

TEST_CASE("stop: a tool with nothing to resume removes its files and dies of the signal") {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        CAPTURE(number);
        const shard::TempFolder folder;
        shard::spill(folder / "kept", "x");
        shard::spill(folder / "half", "x");
        const int status = in_child([&] {
            install_signals(OnSignal::kDie);
            { const TemporaryFile forgotten((folder / "kept").string()); }
            const TemporaryFile file((folder / "half").string());
            ::raise(number);
            return 0;
        });
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == number);
        CHECK(std::filesystem::exists(folder / "kept"));
        CHECK_FALSE(std::filesystem::exists(folder / "half"));
    }
}

TEST_CASE("stop: a tool that resumes sees the flag and goes on") {
    const int status = in_child([] {
        install_signals(OnSignal::kFinish);
        if (stop_requested() || !stop_signal_name().empty()) return 1;
        ::raise(SIGTERM);
        return stop_requested() && stop_signal_name() == "SIGTERM" ? 42 : 2;
    });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("stop: a second SIGINT ends at once, whatever came first") {
    for (const int first : {SIGINT, SIGTERM}) {
        CAPTURE(first);
        const int status = in_child([&] {
            install_signals(OnSignal::kFinish);
            ::raise(first);
            ::raise(SIGINT);
            return 0;
        });
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGINT);
    }
}

TEST_CASE("stop: nohup keeps its promise") {
    const int status = in_child([] {
        ::signal(SIGHUP, SIG_IGN);
        install_signals(OnSignal::kDie);
        ::raise(SIGHUP);
        return 42;
    });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("stop: SIGPIPE is ignored, SIGUSR1 is taken once") {
    const int status = in_child([] {
        install_signals(OnSignal::kDie);
        ::raise(SIGPIPE);
        if (take_progress_request()) return 1;
        ::raise(SIGUSR1);
        return take_progress_request() && !take_progress_request() ? 42 : 2;
    });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("stop: 64 temporary files at a time, places are used again") {
    std::vector<std::unique_ptr<TemporaryFile>> files;
    for (int i = 0; i < 64; ++i)
        files.push_back(std::make_unique<TemporaryFile>("/nowhere/" + std::to_string(i)));
    CHECK_THROWS_AS(TemporaryFile("/nowhere/more"), std::length_error);
    files[7].reset();
    CHECK_NOTHROW(TemporaryFile("/nowhere/more"));
}

}  // namespace
}  // namespace lip::cli
