// XXH64 of files and of what is written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct XXH64_state_s;

namespace lip::shard {

// XXH64, seed 0, of bytes that go by in pieces.
class FileHash {
public:
    FileHash();
    void update(std::string_view bytes);
    std::string hex() const;  // as hex64 writes it

private:
    struct Free {
        void operator()(XXH64_state_s* state) const;
    };
    std::unique_ptr<XXH64_state_s, Free> state_;
};

// Of a whole file, read in pieces. Throws DataError.
std::string hash_of_file(const std::filesystem::path& path);

// 16 lower-case hex digits, most significant first.
std::string hex64(std::uint64_t value);

}  // namespace lip::shard
