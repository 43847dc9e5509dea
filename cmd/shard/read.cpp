// shard ls, cat, verify.
#include "cli/error.h"
#include "cli/log.h"
#include "cli/stop.h"
#include "cmd/shard/shard.h"
#include "image/decode.h"
#include "record/file.h"
#include "record/mended_json.h"
#include "record/object.h"
#include "record/record.h"
#include "shard/list.h"
#include "shard/manifest.h"
#include "shard/sample_record.h"
#include "shard/stream.h"
#include "shard/tar.h"
#include "shard/verify.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> all_shards(const ShardCommand& options) {
    cli::install_signals(cli::OnSignal::kDie);
    std::vector<std::string> paths;
    for (const std::string& operand : options.shards)
        for (std::string& path : shard::expand_shards(operand)) paths.push_back(std::move(path));
    return paths;
}

std::set<std::string> wanted_keys(const std::string& file) {
    std::set<std::string> keys;
    if (file.empty()) return keys;
    const std::string text = record::read_file(file);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        if (end > begin) keys.insert(text.substr(begin, end - begin));
        begin = end + 1;
    }
    if (keys.empty()) throw cli::DataError(file + ": holds no keys");
    return keys;
}

// What the manifest beside a shard says of it.
std::optional<shard::ShardInfo> from_manifest(const fs::path& path) {
    static std::map<fs::path, std::map<std::string, shard::ShardInfo>> known;  // by folder
    const fs::path folder = fs::absolute(path).parent_path();
    if (!known.contains(folder)) {
        auto& shards = known[folder];
        for (shard::ShardInfo& info : shard::manifests_in(folder))
            shards[info.name] = std::move(info);
    }
    const auto found = known[folder].find(path.filename().string());
    return found == known[folder].end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> problem_of(const shard::Sample& sample, bool decode) {
    for (const shard::Member& member : sample.members) {
        if (member.ext == "json") {
            std::string buffer, key;
            const auto object = record::check_object(member.bytes, buffer);
            if (!object) return object.reject().message;
            // Our readers take it; those of others need not.
            if (record::mend_json(member.bytes))
                return "its .json is not strict JSON (NaN, bytes that are not UTF-8 or the like; "
                       "shard writes it anew)";
            if (record::read_text(record::find_value(object->text, "key"), key) && !key.empty() &&
                key != sample.key)
                return "the key of the record is \"" + key + "\"";
        }
        if (decode && shard::is_image_ext(member.ext))
            if (const auto picture = image::decode(member.bytes); !picture)
                return picture.reject().message;
    }
    return std::nullopt;
}

}  // namespace

int list_shards(const ShardCommand& options) {
    record::Output output(options.common.output, options.common.force);
    for (const std::string& path : all_shards(options)) {
        shard::ShardStream stream(path);
        for (shard::Sample sample; stream.next(sample);) {
            std::uint64_t bytes = 0;
            std::string members;
            for (const shard::Member& member : sample.members) {
                bytes += member.bytes.size();
                members += (members.empty() ? "" : ",") + member.ext;
            }
            std::string line;
            if (options.ls_format == "tsv") {
                line = sample.key + "\t" + std::to_string(bytes) + "\t" + members;
            } else {
                line = "{\"key\":";
                cli::append_json_string(line, sample.key);
                line += ",\"bytes\":" + std::to_string(bytes) + ",\"members\":[";
                for (const shard::Member& member : sample.members) {
                    if (line.back() != '[') line += ',';
                    cli::append_json_string(line, member.ext);
                }
                line += "],\"shard\":";
                cli::append_json_string(line, path);
                line += '}';
            }
            output.write(line + "\n");
        }
    }
    output.close();
    return cli::kDone;
}

int cat_shards(const ShardCommand& options) {
    const bool as_tar = options.cat_format == "tar";
    if (as_tar && options.common.output == "-" && ::isatty(STDOUT_FILENO) == 1)
        throw cli::UsageError(
            "a tar is not written to a terminal (pipe the output, or name a file with -o)");
    const std::set<std::string> keys = wanted_keys(options.keys);
    std::set<std::string> missing = keys;
    record::Output output(options.common.output, options.common.force);
    for (const std::string& path : all_shards(options)) {
        shard::ShardStream stream(path);
        for (shard::Sample sample; stream.next(sample);) {
            if (!keys.empty() && !keys.contains(sample.key)) continue;
            missing.erase(sample.key);
            std::string out;
            if (as_tar) {
                for (const shard::Member& member : sample.members)
                    shard::append_tar_member(out, shard::member_name(sample.key, member.ext),
                                             member.bytes);
            } else {
                const auto record = shard::record_of(sample);
                if (!record)
                    throw cli::DataError(path + ": " + record.reject().message + " (" + sample.key +
                                         ")");
                record::append_json(out, *record);
                out += '\n';
            }
            output.write(out);
        }
    }
    if (as_tar) {
        std::string end;
        shard::append_tar_end(end);
        output.write(end);
    }
    output.close();
    if (!missing.empty())
        throw cli::DataError(std::to_string(missing.size()) +
                             " keys are in none of the shards; the first is \"" + *missing.begin() +
                             "\"");
    return cli::kDone;
}

int verify_shards(const ShardCommand& options) {
    record::Output output(options.common.output, options.common.force);
    shard::KeySet keys;
    shard::VerifyOptions checks;
    checks.check_sample = [&](const shard::Sample& sample) {
        return problem_of(sample, options.decode);
    };
    if (options.unique_keys) checks.unique_keys = &keys;
    std::uint64_t bad = 0, count = 0;
    cli::Progress progress("shards", "shards");
    std::vector<std::string> paths = all_shards(options);
    const std::size_t there = paths.size();
    for (const std::string& operand : options.shards)
        if (fs::is_directory(operand))
            std::ranges::move(shard::missing_shards(operand), std::back_inserter(paths));
    for (const std::string& path : paths) {
        shard::VerifyReport report;
        if (count < there)
            report = shard::verify_shard(path, checks);
        else
            report.error = "there is no such file, but a manifest names it";
        const auto expected = from_manifest(path);
        if (report.ok() && expected && !expected->xxh64.empty() && report.xxh64 != expected->xxh64)
            report.error = report.frames == 0
                               ? "the seek table is missing: the file is truncated"
                               : "the checksum differs from that in the manifest (xxh64)";
        if (report.ok() && report.frames == 0 && path.ends_with(".tar.zst") && !expected)
            cli::warn(path +
                      ": has no seek table: it is truncated, or was written by another tool");
        std::string line = "{\"shard\":";
        cli::append_json_string(line, path);
        line += std::string(",\"ok\":") + (report.ok() ? "true" : "false") +
                ",\"samples\":" + std::to_string(report.samples);
        if (!report.ok()) {
            line += ",\"error\":";
            cli::append_json_string(line, report.error);
            ++bad;
        }
        output.write(line + "}\n");
        progress.update(++count);
    }
    output.close();
    if (bad > 0)
        cli::error(std::to_string(bad) + " of " + std::to_string(count) + " shards are not sound");
    return bad > 0 ? cli::kFailed : cli::kDone;
}

}  // namespace lip::cmd
