// Messages on standard error: "TOOL: text", or one JSON object a line with --log-format json.
// The settings are global on purpose (with the stop flag the only global state); set them once,
// before threads start. Writing is safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lip::cli {

enum class LogFormat { kText, kJson };
enum class Level { kDebug = 0, kVerbose = 1, kInfo = 2, kWarning = 3, kError = 4 };

struct LogSettings {
    std::string tool = "liptools";
    LogFormat format = LogFormat::kText;
    Level threshold = Level::kInfo;
    bool colour = false;
};

void configure_log(LogSettings settings);
const LogSettings& log_settings();

void log(Level level, std::string_view message);
inline void debug(std::string_view message) {
    log(Level::kDebug, message);
}
inline void verbose(std::string_view message) {
    log(Level::kVerbose, message);
}
inline void info(std::string_view message) {
    log(Level::kInfo, message);
}
inline void warn(std::string_view message) {
    log(Level::kWarning, message);
}
inline void error(std::string_view message) {
    log(Level::kError, message);
}

// One step of a long job. `total` 0 means unknown. Draws a redrawn line at a terminal, a plain line
// every 30 s elsewhere, nothing when off or quiet.
class Progress {
public:
    enum class Mode { kAuto, kAlways, kNever };
    static void configure(Mode mode, bool assume_terminal);

    // Draws at SIGUSR1, too, unless the signal has another meaning. `already_done` was done by
    // someone before: it counts for the share, not for the rate and the time left.
    Progress(std::string what, std::string unit, std::uint64_t total = 0, bool on_signal = true,
             std::uint64_t already_done = 0);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `done` counts from 0, or from `already_done`. `note` follows the figures, e.g. "loss 3.21".
    // Cheap to call often.
    void update(std::uint64_t done, std::string_view note = {});
    void finish();

private:
    void draw(std::uint64_t done, std::string_view note, double now);

    std::string what_, unit_;
    std::uint64_t total_, already_done_;
    double start_, last_;
    bool drawn_ = false, on_signal_;
};

// Appends `text` as a JSON string with quotes; non-ASCII stays as it is.
void append_json_string(std::string& out, std::string_view text);

// Seconds on a clock that never goes back.
double monotonic_s();

// Seconds since 1970, or SOURCE_DATE_EPOCH where set; and as "2026-01-02T03:04:05Z".
std::int64_t utc_seconds();
std::string utc_now();

}  // namespace lip::cli
