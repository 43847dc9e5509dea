#include "shard/stream.h"

#include "cli/error.h"

#include <unistd.h>

#include <utility>

namespace lip::shard {
namespace {

record::OpenInput open_file(File file) {
    std::string name = file.name();
    return record::look_into(open_source(std::move(file)), std::move(name));
}

// What is known to be something else is named; the tar reader says the rest.
std::unique_ptr<ByteSource> tar_bytes(record::OpenInput& input) {
    using record::Content;
    const Content content = input.kind.content;
    if (content == Content::kParquet || content == Content::kPicture ||
        content == Content::kForeign)
        throw cli::DataError(input.name + ": " + input.kind.message());
    if (content == Content::kText)
        throw cli::DataError(input.name + ": is text, no tar and no shard");
    return std::move(input.bytes);
}

}  // namespace

ShardStream::ShardStream(const std::filesystem::path& path)
    : ShardStream(path == "-" ? File::borrow(STDIN_FILENO, "standard input") : File::open(path)) {}

ShardStream::ShardStream(File file) : ShardStream(open_file(std::move(file))) {}

ShardStream::ShardStream(record::OpenInput input)
    : name_(input.name), source_(tar_bytes(input)), samples_(*source_, name_) {}

}  // namespace lip::shard
