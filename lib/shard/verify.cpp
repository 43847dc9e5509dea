#include "shard/verify.h"

#include "cli/error.h"
#include "shard/file_hash.h"
#include "shard/reader.h"
#include "shard/stream.h"
#include "shard/tar.h"

#include <unistd.h>

#include <string_view>
#include <utility>

namespace lip::shard {
namespace {

// Judges samples one by one, and counts the good ones.
class SampleJudge {
public:
    SampleJudge(const VerifyOptions& options, VerifyReport& report)
        : options_(options), report_(report) {}

    void judge(const Sample& sample) {
        if (!keys_.insert(sample.key)) fail("the key occurs twice in this shard", sample);
        if (options_.unique_keys != nullptr && !options_.unique_keys->insert(sample.key)) {
            fail("the key occurs in another shard, too", sample);
        }
        if (options_.check_sample) {
            if (const auto problem = options_.check_sample(sample)) fail(*problem, sample);
        }
        ++report_.samples;
    }

private:
    [[noreturn]] void fail(const std::string& what, const Sample& sample) const {
        throw cli::DataError(report_.name + ": " + what + " (" + show_name(sample.key) + ")");
    }

    const VerifyOptions& options_;
    VerifyReport& report_;
    KeySet keys_;
};

// Hashes what follows the frames: the seek table.
void hash_tail(const SeekableReader& reader, FileHash& hash) {
    const std::uint64_t begin = reader.frame_offset(reader.frames());
    std::string tail(static_cast<std::size_t>(reader.file().size() - begin), '\0');
    reader.file().read_at(tail.data(), tail.size(), begin);
    hash.update(tail);
}

void verify_frames(File file, SampleJudge& judge, VerifyReport& report) {
    const SeekableReader reader(std::move(file));
    report.frames = reader.frames();
    if (report.frames == 0)
        throw cli::DataError(report.name + ": has no frame, not even the end of an archive");
    FileHash hash;
    std::string packed;
    std::string content;
    Sample sample;
    for (std::size_t i = 0; i < reader.frames(); ++i) {
        reader.read_packed(i, packed);
        hash.update(packed);
        reader.unpack(i, packed, content);
        FrameSamples samples(content, report.name + ": frame " + std::to_string(i),
                             i + 1 == reader.frames());
        while (samples.next(sample)) judge.judge(sample);
        report.ignored_members += samples.ignored_members();
    }
    hash_tail(reader, hash);
    report.xxh64 = hash.hex();
}

void verify_stream(File file, SampleJudge& judge, VerifyReport& report) {
    ShardStream stream(std::move(file));
    Sample sample;
    while (stream.next(sample)) judge.judge(sample);
    report.ignored_members = stream.ignored_members();
}

}  // namespace

VerifyReport verify_shard(const std::filesystem::path& path, const VerifyOptions& options) {
    File file = path == "-" ? File::borrow(STDIN_FILENO, "standard input") : File::open(path);
    VerifyReport report;
    report.name = file.name();
    const bool is_pipe = !file.is_regular();
    report.bytes = is_pipe ? 0 : file.size();
    SampleJudge judge(options, report);
    try {
        if (!is_pipe && has_seek_table(file)) {
            verify_frames(std::move(file), judge, report);
        } else {
            verify_stream(std::move(file), judge, report);
        }
    } catch (const cli::DataError& error) {
        report.error = error.what();
    }
    return report;
}

}  // namespace lip::shard
