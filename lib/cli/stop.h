// What signals do. A tool with nothing to resume removes its temporary files and dies of the
// signal; a tool that can resume sees stop_requested() and ends by itself with exit 4.
#pragma once

#include <string>

namespace lip::cli {

enum class OnSignal { kDie, kFinish };

// Installs SIGINT, SIGTERM, SIGHUP and SIGUSR1 handlers, ignores SIGPIPE. A second SIGINT always
// ends the process at once.
void install_signals(OnSignal on_signal);

// The process was started with SIGINT ignored, and keeps it so.
bool interrupt_is_ignored();

// A stop signal has come (kFinish only). Its name for messages, e.g. "SIGINT"; empty before.
bool stop_requested();
std::string stop_signal_name();

// SIGUSR1 has come since the last call.
bool take_progress_request();

// Registers a file, or a folder that is empty by then, to be removed if a signal ends the process;
// the destructor forgets it again without touching the file. At most 64 at a time; more throw
// std::length_error.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string path);
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
    int slot_ = -1;
};

}  // namespace lip::cli
