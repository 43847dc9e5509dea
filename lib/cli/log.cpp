#include "cli/log.h"

#include "cli/stop.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>

namespace lip::cli {
namespace {

constexpr double kRedrawS = 1.0 / 6;
constexpr double kPlainLineS = 30;

LogSettings settings;
std::mutex write_mutex;
Progress::Mode progress_mode = Progress::Mode::kAuto;
bool is_terminal = false;
bool line_is_open = false;  // a progress line without its newline stands on the terminal

constexpr const char* kLevelNames[] = {"debug", "verbose", "info", "warning", "error"};

void put(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
        if (n <= 0) return;  // nowhere left to complain
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void clear_line(std::string& out) {
    if (line_is_open) out += "\r\033[K";
    line_is_open = false;
}

// Bytes of a file that a message quotes must not steer the terminal.
void append_printable(std::string& out, std::string_view message) {
    for (const char c : message) {
        const auto byte = static_cast<unsigned char>(c);
        char code[8];
        if ((byte >= 0x20 || c == '\n' || c == '\t') && byte != 0x7F) {
            out += c;
        } else {
            std::snprintf(code, sizeof code, "\\x%02x", byte);
            out += code;
        }
    }
}

std::string json_head(const char* level) {
    std::string out = "{\"time\":\"" + utc_now() + "\",\"level\":\"" + level + "\",\"tool\":";
    append_json_string(out, settings.tool);
    return out;
}

std::string seconds_text(double s) {
    char text[32];
    const auto whole = static_cast<long long>(s);
    if (s < 60)
        std::snprintf(text, sizeof text, "%llds", whole);
    else if (s < 3600)
        std::snprintf(text, sizeof text, "%lldm%02llds", whole / 60, whole % 60);
    else
        std::snprintf(text, sizeof text, "%lldh%02lldm", whole / 3600, whole / 60 % 60);
    return text;
}

}  // namespace

void configure_log(LogSettings next) {
    settings = std::move(next);
}
const LogSettings& log_settings() {
    return settings;
}

double monotonic_s() {
    using Clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

std::int64_t utc_seconds() {
    if (const char* fixed = std::getenv("SOURCE_DATE_EPOCH"))
        return std::strtoll(fixed, nullptr, 10);
    return std::time(nullptr);
}

std::string utc_now() {
    const std::time_t now = utc_seconds();
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

void log(Level level, std::string_view message) {
    if (level < settings.threshold) return;
    const std::lock_guard lock(write_mutex);
    std::string out;
    clear_line(out);
    if (settings.format == LogFormat::kJson) {
        out += json_head(kLevelNames[static_cast<int>(level)]) + ",\"message\":";
        append_json_string(out, message);
        out += "}\n";
    } else {
        const bool red = settings.colour && level == Level::kError;
        if (red) out += "\033[31m";
        out += settings.tool + ": ";
        append_printable(out, message);
        if (red) out += "\033[0m";
        out += '\n';
    }
    put(out);
}

void Progress::configure(Mode mode, bool assume_terminal) {
    progress_mode = mode;
    is_terminal = assume_terminal || ::isatty(STDERR_FILENO) == 1;
}

Progress::Progress(std::string what, std::string unit, std::uint64_t total, bool on_signal,
                   std::uint64_t already_done)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      already_done_(already_done),
      start_(monotonic_s()),
      last_(is_terminal ? start_ - kRedrawS : start_),
      on_signal_(on_signal) {}

Progress::~Progress() {
    finish();
}

void Progress::update(std::uint64_t done, std::string_view note) {
    const double now = monotonic_s();
    const bool asked = on_signal_ && take_progress_request();
    if (!asked) {
        if (progress_mode == Mode::kNever || settings.threshold > Level::kInfo) return;
        if (now - last_ < (is_terminal ? kRedrawS : kPlainLineS)) return;
    }
    last_ = now;
    draw(done, note, now);
}

void Progress::draw(std::uint64_t done, std::string_view note, double now) {
    const auto done_here = static_cast<double>(done - std::min(done, already_done_));
    const double rate = done_here / std::max(now - start_, 1e-9);
    const double eta = total_ > done && rate > 0 ? static_cast<double>(total_ - done) / rate : 0;
    const std::lock_guard lock(write_mutex);
    std::string out;
    char text[160];
    if (settings.format == LogFormat::kJson) {
        std::snprintf(
            text, sizeof text,
            ",\"done\":%llu,\"total\":%llu,\"unit\":\"%s\",\"rate\":%.3f,\"eta_s\":%.0f}\n",
            static_cast<unsigned long long>(done), static_cast<unsigned long long>(total_),
            unit_.c_str(), rate, eta);
        out = json_head("info") + ",\"message\":";
        append_json_string(out, what_);
        out += text;
        put(out);
        return;
    }
    clear_line(out);
    out += settings.tool + ": " + what_ + ' ' + std::to_string(done);
    if (total_ > 0) {
        std::snprintf(text, sizeof text, " of %llu (%.0f %%)",
                      static_cast<unsigned long long>(total_),
                      100.0 * static_cast<double>(done) / static_cast<double>(total_));
        out += text;
    }
    std::snprintf(text, sizeof text, " %s, %.*f/s", unit_.c_str(), rate < 10 ? 2 : 0, rate);
    out += text;
    if (eta > 0) out += ", " + seconds_text(eta) + " left";
    if (!note.empty()) out.append(", ").append(note);
    if (is_terminal) {
        drawn_ = line_is_open = true;
    } else {
        out += '\n';
    }
    put(out);
}

void Progress::finish() {
    if (!drawn_) return;
    const std::lock_guard lock(write_mutex);
    std::string out;
    clear_line(out);
    put(out);
    drawn_ = false;
}

}  // namespace lip::cli
