#include "cli/options.h"

#include "cli/error.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>
#include <stdlib.h>  // setenv

#include <cmath>
#include <string>
#include <vector>

namespace lip::cli {
namespace {

enum class Mode { kPlain, kCrop };

// One option of every kind, as a tool would declare them.
struct Settings {
    std::string name = "none";
    std::int64_t count = 5, size = 4 << 20, seconds = 60;
    double rate = 0.5;
    std::vector<std::string> sources{"raw"}, map, set;
    bool loud = false, keep = true;
    int verbose = 0;
    Mode mode = Mode::kPlain;
    std::string word, config;
    std::vector<std::string> files;
    Options options;

    Settings() {
        options.group("test");
        options.add("-o,--name", name, "TEXT", "a text");
        options.add("--count", count, Kind::kCount, "N", "a count", 1, 2000000).environment =
            "LIP_TEST_COUNT";
        options.add("--size", size, Kind::kSize, "SIZE", "a size");
        options.add("--seconds", seconds, Kind::kDuration, "TIME", "a duration");
        options.add("--rate", rate, "X", "a share", 0, 1);
        options.add("--sources", sources, "LIST", "a list").environment = "LIP_TEST_SOURCES";
        options.add_repeated("--map", map, "A=B", "repeatable");
        options.add_repeated("--set", set, "KEY=VALUE", "repeatable").merges_keys = true;
        options.flag("-l,--loud", loud, "a switch");
        options.flag("-k,--keep", keep, "a switch that is on", true);
        options.counter("-v,--verbose", verbose, "counts");
        options.choice("--mode", mode, {{"plain", Mode::kPlain}, {"crop", Mode::kCrop}},
                       "a choice");
        options.choice("--word", word, {"one", "two"}, "a word, unset at first");
        Option& file = options.add("--config", config, "FILE", "settings");
        file.in_config = false;
        options.operands(files, "FILE", "inputs", 0, 3);
    }
};

std::string usage_error(const std::vector<std::string>& arguments) {
    Settings settings;
    try {
        settings.options.parse(arguments);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

struct Environment {
    Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~Environment() { ::unsetenv(name_); }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

private:
    const char* name_;
};

TEST_CASE("options: both spellings, joined letters, operands in between") {
    Settings s;
    s.options.parse({"--name", "a", "x", "--count=7", "-lvv", "y", "-oz", "--", "-l"});
    CHECK(s.name == "z");
    CHECK(s.count == 7);
    CHECK(s.loud);
    CHECK(s.verbose == 2);
    CHECK(s.files == std::vector<std::string>{"x", "y", "-l"});
}

TEST_CASE("options: a lone dash is an operand, an empty value is a value") {
    Settings s;
    s.options.parse({"-", "--name=", "--rate", "1e-3"});
    CHECK(s.files == std::vector<std::string>{"-"});
    CHECK(s.name.empty());
    CHECK(s.rate == 0.001);
}

TEST_CASE("options: the last single value wins, lists replace their default and grow") {
    Settings s;
    s.options.parse(
        {"--count", "1", "--count", "2", "--sources", "a,b", "--sources=c,,d", "--map", "x,y=z"});
    CHECK(s.count == 2);
    CHECK(s.sources == std::vector<std::string>{"a", "b", "c", "d"});
    CHECK(s.map == std::vector<std::string>{"x,y=z"});
}

TEST_CASE("options: switches and their opposites") {
    Settings s;
    s.options.parse({"--no-keep", "--loud"});
    CHECK_FALSE(s.keep);
    CHECK(s.loud);
    CHECK(has(usage_error({"--no-loud"}), "unknown option --no-loud"));
    CHECK(usage_error({"--loud=true"}) == "--loud takes no value");
}

TEST_CASE("options: units") {
    Settings s;
    s.options.parse({"--count", "1.5k", "--size", "2GiB", "--seconds", "2h"});
    CHECK(s.count == 1500);
    CHECK(s.size == std::int64_t{2} << 30);
    CHECK(s.seconds == 7200);
    CHECK(parse_integer("3MB", Kind::kSize) == 3000000);
    CHECK(parse_integer("9007199254740993", Kind::kCount) == 9007199254740993);
    CHECK(parse_integer("-4", Kind::kPlain) == -4);
    for (const char* bad :
         {"", "k", "1.5", "1kk", "1K", " 1", "1 ", "0x10", "1e3", "99999999999999999999"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(parse_integer(bad, Kind::kCount), UsageError);
    }
    for (const char* bad : {"", "nan", "inf", "1,5", "1x"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(parse_real(bad), UsageError);
    }
}

TEST_CASE("options: messages name the option, the value and what is allowed") {
    CHECK(usage_error({"--mode", "crp"}) == "--mode: 'crp' is none of plain, crop");
    CHECK(usage_error({"--count", "0"}) == "--count: '0' must be at least 1 and at most 2M");
    CHECK(has(usage_error({"--rate", "2"}), "--rate: '2' must lie between 0 and 1"));
    CHECK(has(usage_error({"--count", "x"}), "--count: 'x' is not a whole number"));
    CHECK(has(usage_error({"--conut", "1"}), "did you mean --count?"));
    CHECK(has(usage_error({"--coun", "1"}), "unknown option --coun"));  // no abbreviations
    CHECK(usage_error({"--count"}) == "--count needs a value (N)");
    CHECK(usage_error({"-o"}) == "-o needs a value (TEXT)");
    CHECK(has(usage_error({"-x"}), "unknown option -x"));
    CHECK(has(usage_error({"a", "b", "c", "d"}), "surplus operand 'd'"));
}

TEST_CASE("options: what is required, and what cannot stand together") {
    const auto parse = [](const std::vector<std::string>& arguments) {
        Options options;
        std::string model, one, two;
        options.add("-m,--model", model, "DIR", "needed").required("name a checkpoint");
        options.add("--one", one, "X", "one");
        options.add("--two", two, "X", "two").not_with({"one"}).meant_by = {"second"};
        bool print = false;
        options.flag("--print-config", print, "prints");
        options.parse(arguments);
        return model + one + two;
    };
    const auto error = [&](const std::vector<std::string>& arguments) -> std::string {
        try {
            parse(arguments);
        } catch (const UsageError& problem) {
            return problem.what();
        }
        return "";
    };
    CHECK(parse({"-m", "a", "--one", "b"}) == "ab");
    CHECK(error({"--one", "b"}) == "-m DIR is missing: name a checkpoint");
    CHECK(error({"--three", "b"}) == "unknown option --three (see -h)");  // said first
    CHECK(error({"--second", "b"}) == "unknown option --second (did you mean --two?)");
    CHECK(error({"-m", "a", "--one", "b", "--two", "c"}) == "--one cannot stand beside --two");
    CHECK(parse({"--print-config"}).empty());  // needs nothing
}

TEST_CASE("options: an empty value is not the next argument, nor is what stands behind --") {
    Settings s;
    s.options.parse({"--sources=,", "--name=", "a", "--", "--name", "-x"});
    CHECK(s.sources.empty());
    CHECK(s.name.empty());
    CHECK(s.files == std::vector<std::string>{"a", "--name", "-x"});
    Settings brackets;
    brackets.options.parse({"--map", "[a,b]", "--name", "[c]", "[d,e]"});
    CHECK(brackets.map == std::vector<std::string>{"[a,b]"});
    CHECK(brackets.name == "[c]");
    CHECK(brackets.files == std::vector<std::string>{"[d,e]"});
}

TEST_CASE("options: questions come before everything that is wrong") {
    Options options;
    std::int64_t count = 1;
    options.add("--count", count, Kind::kCount, "N", "a count", 1);
    options.question("-h,--help", {}, "help");
    options.question("--generate", {"man", "json"}, "a page");
    const auto asked = [&](const std::vector<std::string>& arguments) -> std::string {
        try {
            options.parse(arguments);
        } catch (const Question& question) {
            return question.name + question.value;
        }
        return "";
    };
    CHECK(asked({"--count", "x", "--nothing", "-h"}) == "-h");
    CHECK(asked({"--help", "-h"}) == "--help");
    CHECK(asked({"--generate", "json"}) == "--generatejson");
    CHECK_THROWS_WITH_AS(options.parse({"--generate", "pdf"}),
                         "--generate: 'pdf' is none of man, json", UsageError);
    CHECK_THROWS_AS(options.parse({"--count", "2", "--", "-h"}), UsageError);  // an operand
}

TEST_CASE("options: a command by its name, with settings of its own") {
    const shard::TempFolder folder;
    const std::string path = (folder / "c.toml").string();
    shard::spill(path, "count = 3\n");
    std::vector<std::string> files, listed;
    std::int64_t level = 0, count = 0;
    std::string config;
    Options main, ls;
    main.operands(files, "FILE", "files");
    main.add("--level", level, Kind::kPlain, "N", "a level");
    ls.operands(listed, "SHARDS", "shards");
    ls.add("--count", count, Kind::kPlain, "N", "a count").environment = "LIP_TEST_COUNT";
    ls.add("--config", config, "FILE", "settings").in_config = false;
    const auto parse = [&](const std::vector<std::string>& arguments) {
        files.clear();
        listed.clear();
        return parse_command_line({{"", &main}, {"ls", &ls}, {"cat", &main}}, arguments);
    };
    CHECK(parse({"a", "ls", "--level", "2"}) == 0);
    CHECK(files == std::vector<std::string>{"a", "ls"});
    CHECK(parse({"ls", "ls", "cat", "--config", path}) == 1);
    CHECK(listed == std::vector<std::string>{"ls", "cat"});
    CHECK(count == 3);
    const Environment variable("LIP_TEST_COUNT", "4");
    CHECK(parse({"ls", "--config", path}) == 1);
    CHECK(count == 4);
    CHECK_THROWS_WITH_AS(parse({"ls", "--level", "1"}), "unknown option --level (see -h)",
                         UsageError);
}

TEST_CASE("options: a number, or a word for none") {
    std::optional<std::int64_t> side;
    Options options;
    options.add("--side", side, "auto", "N", "pixels", 1, 100);
    CHECK(options.all()[0].shown_default == "auto");
    options.parse({"--side", "7"});
    CHECK(side == 7);
    options.parse({"--side", "auto"});
    CHECK_FALSE(side);
    CHECK_THROWS_WITH_AS(options.parse({"--side", "101"}),
                         "--side: '101' is neither auto nor a number from 1 to 100", UsageError);
}

TEST_CASE("options: missing operands") {
    Options options;
    std::vector<std::string> files;
    options.operands(files, "SHARDS", "shards", 1);
    CHECK_THROWS_WITH_AS(options.parse({}), "SHARDS is missing (see -h)", UsageError);
}

TEST_CASE("options: command line beats environment beats file beats default") {
    const shard::TempFolder folder;
    const std::string path = (folder / "c.toml").string();
    shard::spill(path, "count = 3\nname = \"file\"\nsources = [\"f1\", \"f2\"]\nkeep = false\n");
    {
        Settings s;
        s.options.parse({"--config", path});
        CHECK(s.count == 3);
        CHECK(s.sources == std::vector<std::string>{"f1", "f2"});
        CHECK_FALSE(s.keep);
        CHECK(s.options.given("count"));
        CHECK_FALSE(s.options.given("rate"));
    }
    const Environment count("LIP_TEST_COUNT", "4"), sources("LIP_TEST_SOURCES", "e");
    {
        Settings s;
        s.options.parse({"--config", path});
        CHECK(s.count == 4);
        CHECK(s.name == "file");
        CHECK(s.sources == std::vector<std::string>{"e"});
    }
    Settings s;
    s.options.parse({"--config", path, "--count", "5", "--sources", "c", "--keep"});
    CHECK(s.count == 5);
    CHECK(s.sources == std::vector<std::string>{"c"});
    CHECK(s.keep);
}

TEST_CASE("options: settings by key are merged, other lists replaced") {
    const shard::TempFolder folder;
    const std::string path = (folder / "c.toml").string();
    shard::spill(path, "set = [\"a=1\", \"b=2\", \"ab=3\"]\nmap = [\"a=1\", \"b=2\"]\n");
    Settings s;
    s.options.parse({"--set", "a=5", "--map", "a=5", "--set", "c=6", "--config", path});
    CHECK(s.set == std::vector<std::string>{"b=2", "ab=3", "a=5", "c=6"});
    CHECK(s.map == std::vector<std::string>{"a=5"});
    // What is printed says the same when it is read.
    const std::string printed = (folder / "printed.toml").string();
    shard::spill(printed, s.options.as_toml(true));
    Settings again;
    again.options.parse({"--config", printed});
    CHECK(again.set == s.set);
    shard::spill(path, "set = \"a=1\"\n");
    Settings single;
    single.options.parse({"--set", "b=2", "--config", path});
    CHECK(single.set == std::vector<std::string>{"a=1", "b=2"});
}

TEST_CASE("options: an environment value that does not fit names the variable") {
    const Environment count("LIP_TEST_COUNT", "many");
    CHECK(has(usage_error({}), "LIP_TEST_COUNT: 'many' is not a whole number"));
}

TEST_CASE("options: configuration files are checked") {
    const shard::TempFolder folder;
    const std::string path = (folder / "c.toml").string();
    const auto error_of = [&](const std::string& text) {
        shard::spill(path, text);
        return usage_error({"--config", path});
    };
    CHECK(has(error_of("counts = 3\n"), "c.toml:1: counts: unknown key"));
    CHECK(has(error_of("\nconfig = \"x\"\n"), "c.toml:2: config: unknown key"));
    CHECK(has(error_of("count = [1]\n"), "takes one value, not a list"));
    CHECK(has(error_of("loud = 1\n"), "takes true or false"));
    CHECK(has(error_of("mode = \"no\"\n"), "'no' is none of plain, crop"));
    CHECK(has(error_of("[count]\nx = 1\n"), "takes text, a number"));
    CHECK(has(error_of("count = \n"), "c.toml:1"));
    CHECK(has(error_of("count = 1\ncount = 2\n"), "c.toml"));
    CHECK(has(usage_error({"--config", (folder / "none.toml").string()}), "none.toml"));
}

TEST_CASE("options: as_toml reads back to the same settings") {
    const shard::TempFolder folder;
    const std::string path = (folder / "c.toml").string();
    Settings first;
    first.options.parse({"--name", "a \"b\" \\ 'c'\n\ttab \xC3\xA4", "--count", "20k", "--size",
                         "1000", "--rate", "1e-06", "--sources", "x,y", "--map", "a=b,c",
                         "--no-keep", "--mode", "crop"});
    const std::string text = first.options.as_toml(true);
    shard::spill(path, text);
    Settings second;
    second.options.parse({"--config", path});
    CHECK(second.options.as_toml(true) == text);
    CHECK(second.name == first.name);
    CHECK(second.count == 20000);
    CHECK(second.rate == 1e-6);
    CHECK(second.map == first.map);
    CHECK_FALSE(second.keep);
    CHECK((second.mode == Mode::kCrop));
}

TEST_CASE("options: as_toml of the defaults reads back, unset choices included") {
    const shard::TempFolder folder;
    const std::string path = (folder / "c.toml").string();
    const std::string text = Settings().options.as_toml(false);
    shard::spill(path, text);
    Settings second;
    second.options.parse({"--config", path});
    CHECK(second.options.as_toml(false) == text);
    CHECK(second.word.empty());
}

TEST_CASE("options: texts that look like other things stay texts") {
    for (const char* name :
         {"007", "1.50", "true", "nan", "inf", "-0", "", "#", "0x1F", "1979-05-27"}) {
        CAPTURE(name);
        const shard::TempFolder folder;
        const std::string path = (folder / "c.toml").string();
        Settings first;
        first.options.parse({"--name", name});
        shard::spill(path, first.options.as_toml(true));
        Settings second;
        second.options.parse({"--config", path});
        CHECK(second.name == name);
    }
}

TEST_CASE("options: real_text reads back exactly") {
    for (const double value : {0.1, 1e-6, 5e-4, 1.0 / 3, 12345678.9, -2.0, 1e300}) {
        CAPTURE(value);
        CHECK(parse_real(real_text(value)) == value);
    }
}

}  // namespace
}  // namespace lip::cli
