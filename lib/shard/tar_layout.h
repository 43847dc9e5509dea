// The fields of a tar header block, for tar.cpp and tar_reader.cpp.
#pragma once

#include "shard/tar.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lip::shard {

struct TarField {
    std::size_t at;
    std::size_t bytes;
};

constexpr TarField kTarName{0, 100};
constexpr TarField kTarMode{100, 8};
constexpr TarField kTarUid{108, 8};
constexpr TarField kTarGid{116, 8};
constexpr TarField kTarSize{124, 12};
constexpr TarField kTarTime{136, 12};
constexpr TarField kTarChecksum{148, 8};
constexpr TarField kTarType{156, 1};
constexpr TarField kTarMagic{257, 8};  // with the version
constexpr TarField kTarDevMajor{329, 8};
constexpr TarField kTarDevMinor{337, 8};
constexpr TarField kTarPrefix{345, 155};

constexpr std::string_view kUstarMagic{"ustar\00000", 8};
constexpr std::string_view kGnuMagic{"ustar  \0", 8};

constexpr std::uint64_t kMaxOctalSize = (std::uint64_t{1} << 33) - 1;  // 11 octal digits

// Sum of the bytes of a header block, its checksum field taken as spaces.
constexpr std::uint32_t tar_checksum(std::string_view block) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kTarBlock; ++i) {
        const bool own = i >= kTarChecksum.at && i < kTarChecksum.at + kTarChecksum.bytes;
        sum += own ? ' ' : static_cast<unsigned char>(block[i]);
    }
    return sum;
}

}  // namespace lip::shard
