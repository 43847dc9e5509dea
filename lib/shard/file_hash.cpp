#include "shard/file_hash.h"

#include "shard/file.h"

#include <xxhash.h>

#include <new>

namespace lip::shard {

void FileHash::Free::operator()(XXH64_state_s* state) const {
    XXH64_freeState(state);
}

FileHash::FileHash() : state_(XXH64_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH64_reset(state_.get(), 0);
}

void FileHash::update(std::string_view bytes) {
    XXH64_update(state_.get(), bytes.data(), bytes.size());
}

std::string FileHash::hex() const {
    return hex64(XXH64_digest(state_.get()));
}

std::string hash_of_file(const std::filesystem::path& path) {
    File file = File::open(path);
    FileHash hash;
    std::string piece(std::size_t{1} << 20, '\0');
    while (const std::size_t n = file.read(piece.data(), piece.size()))
        hash.update(std::string_view(piece).substr(0, n));
    return hash.hex();
}

std::string hex64(std::uint64_t value) {
    std::string hex(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4) hex[i] = "0123456789abcdef"[value & 15];
    return hex;
}

}  // namespace lip::shard
