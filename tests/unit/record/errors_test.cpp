#include "record/errors.h"

#include "tests/unit/record/quiet.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

using shard::slurp, shard::TempFolder;

const cli::Reject kBad{"bad-json", "not JSON: x"};

// Reports `bad` of `records` records, the bad ones first; "" or the error.
std::string run(StreamSettings settings, std::uint64_t records, std::uint64_t bad, int& code) {
    const Quiet quiet;
    code = -1;
    try {
        ErrorLog log(settings, false);
        for (std::uint64_t i = 0; i < records; ++i) {
            log.count_records(1);
            if (i < bad) log.report({"f", i + 1, i * 10, false, "k"}, kBad, "{raw \"x\" \xFF");
        }
        code = log.finish();
        CHECK(log.records() == records);
        CHECK(log.skipped() == bad);
    } catch (const cli::DataError& error) {
        return error.what();
    }
    return "";
}

TEST_CASE("errors: places") {
    CHECK(to_string({"a.jsonl", 3, 0, false, ""}) == "a.jsonl:3");
    CHECK(to_string({"a.tar", 3, 0, true, ""}) == "a.tar: sample 3");
}

TEST_CASE("errors: the first bad record ends the run, or is counted") {
    int code = 0;
    CHECK(run({}, 3, 0, code).empty());
    CHECK(code == cli::kDone);
    CHECK(run({}, 3, 1, code) ==
          "f:1: not JSON: x (k) [bad-json; --on-error=skip skips such records]");
    // Not even the beginning looks like a record: skipping would be bad advice.
    ErrorLog log({}, false);
    log.count_records(1);
    CHECK_THROWS_WITH_AS(log.report({"f", 1, 0, false, ""}, kBad, "url,caption"),
                         doctest::Contains("recaption-ingest converts caption files"),
                         cli::DataError);
    StreamSettings skip;
    skip.skip_bad = true;
    CHECK(run(skip, 3, 2, code).empty());
    CHECK(code == cli::kSkipped);
}

TEST_CASE("errors: no records at all is an error unless allowed") {
    int code = 0;
    StreamSettings settings;
    settings.inputs = {"a.csv"};
    CHECK(run(settings, 0, 0, code).starts_with("no records in a.csv"));
    settings.inputs.clear();
    CHECK(run(settings, 0, 0, code).starts_with("no records in standard input"));
    settings.allow_empty = true;
    CHECK(run(settings, 0, 0, code).empty());
    CHECK(code == cli::kDone);
}

TEST_CASE("errors: a file of rejects implies skipping and holds a line each") {
    const TempFolder folder;
    StreamSettings settings;
    settings.rejects = (folder / "bad.jsonl").string();
    int code = 0;
    CHECK(run(settings, 5, 2, code).empty());
    CHECK(code == cli::kSkipped);
    CHECK(slurp(folder / "bad.jsonl") ==
          "{\"file\":\"f\",\"line\":1,\"offset\":0,\"key\":\"k\",\"error\":\"bad-json\","
          "\"message\":\"not JSON: x\","
          "\"raw\":\"{raw \\\"x\\\" \xEF\xBF\xBD\"}\n"
          "{\"file\":\"f\",\"line\":2,\"offset\":10,\"key\":\"k\",\"error\":\"bad-json\","
          "\"message\":\"not JSON: x\","
          "\"raw\":\"{raw \\\"x\\\" \xEF\xBF\xBD\"}\n");
    CHECK(folder.files() == 1);
}

TEST_CASE("errors: a limit of bad records") {
    StreamSettings settings;
    settings.skip_bad = true;
    settings.max_errors = {ErrorLimit::Kind::kCount, 2};
    int code = 0;
    CHECK(run(settings, 9, 2, code).empty());
    CHECK(run(settings, 9, 3, code) == "too many bad records: 3 of 3 (--max-errors 2)");
    settings.max_errors = {ErrorLimit::Kind::kCount, 0};
    CHECK_FALSE(run(settings, 9, 1, code).empty());
}

TEST_CASE("errors: a share of bad records counts from record 1,000 on") {
    StreamSettings settings;
    settings.skip_bad = true;
    settings.max_errors = {ErrorLimit::Kind::kShare, 0.1};
    int code = 0;
    CHECK(run(settings, 999, 900, code).empty());
    CHECK(run(settings, 1000, 100, code).empty());
    CHECK(run(settings, 1000, 101, code) == "too many bad records: 101 of 1000 (--max-errors 10%)");
    CHECK(run(settings, 2000, 1500, code) ==
          "too many bad records: 1000 of 1000 (--max-errors 10%)");
}

TEST_CASE("errors: limits are read and shown") {
    for (const char* text : {"", "0", "12", "1%", "0.5%"}) {
        CAPTURE(text);
        ErrorLimit limit;
        from_text(text, limit);
        CHECK(to_text(limit) == text);
    }
    for (const char* text : {"x", "-1", "%", "1%%", "nan", " 1"}) {
        CAPTURE(text);
        ErrorLimit limit;
        CHECK_THROWS_AS(from_text(text, limit), cli::UsageError);
    }
}

}  // namespace
}  // namespace lip::record
