#include "cli/stop.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <stdexcept>

namespace lip::cli {
namespace {

OnSignal policy = OnSignal::kDie;
std::atomic<int> stop_signal{0};
std::atomic<bool> progress_asked{false};
// Paths are owned by the TemporaryFile objects; the handler only reads and removes them.
std::array<std::atomic<const char*>, 64> temporaries{};

void remove_temporaries() {
    // Backwards: what lies in a folder was registered after it.
    for (auto slot = temporaries.rbegin(); slot != temporaries.rend(); ++slot)
        if (const char* path = slot->load())
            if (::unlink(path) != 0) ::rmdir(path);
}

void die_of(int number) {
    remove_temporaries();
    ::signal(number, SIG_DFL);
    ::raise(number);
}

extern "C" void on_stop(int number) {
    const int before = stop_signal.exchange(number);
    if (policy == OnSignal::kDie || (before != 0 && number == SIGINT)) die_of(number);
}

extern "C" void on_usr1(int) {
    progress_asked = true;
}

void install(int number, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    // Without SA_RESTART a blocking read wakes up, so that a tool that finishes can see the flag.
    action.sa_flags = SA_NODEFER | (policy == OnSignal::kDie ? SA_RESTART : 0);
    sigaction(number, &action, nullptr);
}

}  // namespace

void install_signals(OnSignal on_signal) {
    policy = on_signal;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction old = {};
        sigaction(number, nullptr, &old);
        if (old.sa_handler != SIG_IGN) install(number, on_stop);  // nohup keeps its promise
    }
    install(SIGUSR1, on_usr1);
    ::signal(SIGPIPE, SIG_IGN);
}

bool interrupt_is_ignored() {
    struct sigaction action = {};
    sigaction(SIGINT, nullptr, &action);
    return action.sa_handler == SIG_IGN;
}

bool stop_requested() {
    return stop_signal.load() != 0;
}

std::string stop_signal_name() {
    switch (stop_signal.load()) {
        case 0:
            return "";
        case SIGINT:
            return "SIGINT";
        case SIGTERM:
            return "SIGTERM";
        default:
            return "SIGHUP";
    }
}

bool take_progress_request() {
    return progress_asked.exchange(false);
}

TemporaryFile::TemporaryFile(std::string path) : path_(std::move(path)) {
    for (std::size_t i = 0; i < temporaries.size(); ++i) {
        const char* expected = nullptr;
        if (temporaries[i].compare_exchange_strong(expected, path_.c_str())) {
            slot_ = static_cast<int>(i);
            return;
        }
    }
    throw std::length_error("too many temporary files at once");
}

TemporaryFile::~TemporaryFile() {
    if (slot_ >= 0) temporaries[static_cast<std::size_t>(slot_)] = nullptr;
}

}  // namespace lip::cli
