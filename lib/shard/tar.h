// Writing tar: POSIX ustar with pax records where ustar cannot say it. The same names and bytes
// give the same archive always: mode 0644, owner 0, time 0, no user names. Format: doc/shard.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lip::shard {

constexpr std::size_t kTarBlock = 512;
// Longest member name that is written or read.
constexpr std::size_t kMaxNameBytes = 4096;

// Bytes of zeros that fill the last block of `size` bytes.
constexpr std::size_t tar_padding(std::uint64_t size) {
    return static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

// What is wrong with a member name, or empty: it must have 1 to kMaxNameBytes bytes, no NUL, no
// leading '/', and no ".." between slashes.
std::string_view member_name_problem(std::string_view name);

// A name as a message shows it: in quotes, bytes below 32 as \xNN, at most 200 bytes.
std::string show_name(std::string_view name);

// Appends what stands before the data of a member: one block, and a pax header before it for
// names over 100 bytes or not ASCII and for sizes of 8 GiB and more.
// Throws DataError for a bad name.
void append_tar_header(std::string& out, std::string_view name, std::uint64_t size);

// Appends header, data and padding.
void append_tar_member(std::string& out, std::string_view name, std::string_view bytes);

// Appends the two zero blocks that end an archive.
void append_tar_end(std::string& out);

// Bytes that append_tar_member() adds.
std::uint64_t tar_member_bytes(std::string_view name, std::uint64_t size);

}  // namespace lip::shard
