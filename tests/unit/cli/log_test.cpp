#include "cli/log.h"

#include "cli/stop.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace lip::cli {
namespace {

// What `body` writes to standard error; the log settings are put back.
std::string errors_of(LogSettings settings, const std::function<void()>& body) {
    const shard::TempFolder folder;
    const std::string path = (folder / "err").string();
    const LogSettings before = log_settings();
    const int saved = ::dup(STDERR_FILENO);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
    settings.tool = "tool";
    configure_log(settings);
    body();
    configure_log(before);
    Progress::configure(Progress::Mode::kAuto, false);
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    return shard::slurp(path);
}

TEST_CASE("log: tool, colon, text; below the threshold nothing") {
    CHECK(errors_of({}, [] {
              verbose("no");
              info("one");
              warn("two");
              error("three");
          }) == "tool: one\ntool: two\ntool: three\n");
    LogSettings quiet;
    quiet.threshold = Level::kError;
    CHECK(errors_of(quiet, [] { warn("two"), error("three"); }) == "tool: three\n");
}

TEST_CASE("log: JSON lines with the time of SOURCE_DATE_EPOCH") {
    ::setenv("SOURCE_DATE_EPOCH", "86399", 1);
    LogSettings json;
    json.format = LogFormat::kJson;
    CHECK(errors_of(json, [] { warn("a \"b\"\n"); }) ==
          "{\"time\":\"1970-01-01T23:59:59Z\",\"level\":\"warning\",\"tool\":\"tool\",\"message\":"
          "\"a \\\"b\\\"\\n\"}\n");
    ::unsetenv("SOURCE_DATE_EPOCH");
    CHECK(utc_now() > "2024");
}

TEST_CASE("log: JSON strings") {
    std::string out;
    append_json_string(out, std::string_view("\0\x1f\x7f\t\r\\/ \xC3\xA4", 10));
    CHECK(out == "\"\\u0000\\u001f\x7f\\t\\r\\\\/ \xC3\xA4\"");
}

TEST_CASE("log: progress is silent in a short run without a terminal") {
    CHECK(errors_of({}, [] {
              Progress::configure(Progress::Mode::kAuto, false);
              Progress progress("records", "records", 100);
              for (std::uint64_t i = 0; i < 100; ++i) progress.update(i);
          }).empty());
}

TEST_CASE("log: at a terminal one line is redrawn, and messages clear it") {
    const std::string text = errors_of({}, [] {
        Progress::configure(Progress::Mode::kAuto, true);
        Progress progress("records", "records", 100);
        progress.update(50, "loss 3.21");
        progress.update(51);  // too soon
        warn("careful");
    });
    CHECK(text.starts_with("tool: records 50 of 100 (50 %) records, "));
    CHECK(text.find("loss 3.21\r\033[Ktool: careful\n") != std::string::npos);
    CHECK(text.find("records 51 of") == std::string::npos);  // the rate may hold a 51
}

TEST_CASE("log: what was done before the start counts for the share, not for the rate") {
    const auto draw = [](std::uint64_t done) {
        LogSettings json;
        json.format = LogFormat::kJson;
        return errors_of(json, [&] {
            Progress::configure(Progress::Mode::kAuto, true);
            Progress progress("training", "steps", 2000, /*on_signal=*/false,
                              /*already_done=*/1000);
            ::usleep(10'000);
            progress.update(done);
        });
    };
    const std::string none = draw(1000), one = draw(1001);
    CHECK(
        none.find("\"done\":1000,\"total\":2000,\"unit\":\"steps\",\"rate\":0.000,\"eta_s\":0}") !=
        std::string::npos);
    CHECK(one.find("\"done\":1001,") != std::string::npos);
    // A step took 10 ms or more, and 999 are left.
    const std::string eta = "\"eta_s\":";
    CHECK(std::stod(one.substr(one.find(eta) + eta.size())) >= 9.9);
}

TEST_CASE("log: never and quiet draw nothing even at a terminal") {
    const auto run = [](Progress::Mode mode) {
        Progress::configure(mode, true);
        Progress progress("records", "records", 100);
        progress.update(50);
    };
    CHECK(errors_of({}, [&] { run(Progress::Mode::kNever); }).empty());
    LogSettings quiet;
    quiet.threshold = Level::kError;
    CHECK(errors_of(quiet, [&] { run(Progress::Mode::kAuto); }).empty());
}

TEST_CASE("log: SIGUSR1 asks for one line") {
    install_signals(OnSignal::kFinish);
    const std::string text = errors_of({}, [] {
        Progress progress("records", "records");
        ::raise(SIGUSR1);
        progress.update(7);
        progress.update(8);
    });
    CHECK(text.starts_with("tool: records 7 records, "));
    CHECK(text.find("tool: records 8") == std::string::npos);
}

}  // namespace
}  // namespace lip::cli
