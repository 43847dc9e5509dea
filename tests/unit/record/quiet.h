// Turns messages below errors off while it lives: tests of warnings do not print them.
#pragma once

#include "cli/log.h"

namespace lip::record {

class Quiet {
public:
    Quiet() : before_(cli::log_settings()) {
        cli::LogSettings quiet = before_;
        quiet.threshold = cli::Level::kError;
        cli::configure_log(quiet);
    }
    ~Quiet() { cli::configure_log(before_); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

private:
    cli::LogSettings before_;
};

}  // namespace lip::record
