#include "shard/tar.h"

#include "cli/error.h"
#include "shard/tar_layout.h"

#include <algorithm>
#include <array>

namespace lip::shard {
namespace {

using Block = std::array<char, kTarBlock>;

void put_text(Block& block, TarField field, std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), field.bytes), block.begin() + field.at);
}

// Octal digits that fill the field but for a NUL at its end.
void put_octal(Block& block, TarField field, std::uint64_t value) {
    for (std::size_t i = field.bytes - 1; i-- > 0; value >>= 3) {
        block[field.at + i] = static_cast<char>('0' + (value & 7));
    }
}

void append_block(std::string& out, std::string_view name, std::uint64_t size, char type) {
    Block block{};
    put_text(block, kTarName, name);
    put_octal(block, kTarMode, 0644);
    put_octal(block, kTarUid, 0);
    put_octal(block, kTarGid, 0);
    put_octal(block, kTarSize, std::min(size, kMaxOctalSize));
    put_octal(block, kTarTime, 0);
    block[kTarType.at] = type;
    put_text(block, kTarMagic, kUstarMagic);
    put_octal(block, kTarDevMajor, 0);
    put_octal(block, kTarDevMinor, 0);
    // Six digits, NUL, space: the one field that is written so.
    const std::uint32_t sum = tar_checksum({block.data(), block.size()});
    put_octal(block, {kTarChecksum.at, 7}, sum);
    block[kTarChecksum.at + 7] = ' ';
    out.append(block.data(), block.size());
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest;
    while (length != rest + std::to_string(length).size()) {
        length = rest + std::to_string(length).size();
    }
    std::string record = std::to_string(length) + " ";
    return record.append(key).append("=").append(value).append("\n");
}

// What ustar cannot say of a member; empty mostly.
std::string pax_records(std::string_view name, std::uint64_t size) {
    std::string records;
    if (name.size() > kTarName.bytes || !is_ascii(name)) records += pax_record("path", name);
    if (size > kMaxOctalSize) records += pax_record("size", std::to_string(size));
    return records;
}

}  // namespace

std::string_view member_name_problem(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name.size() > kMaxNameBytes) return "is longer than 4096 bytes";
    if (name.find('\0') != std::string_view::npos) return "holds a NUL byte";
    if (name.front() == '/') return "is an absolute path";
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t slash = std::min(name.find('/', at), name.size());
        if (name.substr(at, slash - at) == "..") return "leads out of its folder with \"..\"";
        at = slash + 1;
    }
    return {};
}

std::string show_name(std::string_view name) {
    constexpr std::size_t kMostShown = 200;
    std::string text = "\"";
    for (const char c : name.substr(0, kMostShown)) {
        const unsigned byte = static_cast<unsigned char>(c);
        if (byte >= 32 && byte != 127) {
            text += c;
        } else {
            text.append("\\x").append(1, "01234567"[byte >> 4]);
            text.append(1, "0123456789abcdef"[byte & 15]);
        }
    }
    return text.append(name.size() > kMostShown ? "...\"" : "\"");
}

void append_tar_header(std::string& out, std::string_view name, std::uint64_t size) {
    if (const std::string_view problem = member_name_problem(name); !problem.empty()) {
        throw cli::DataError("member name " + show_name(name) + " " + std::string(problem));
    }
    if (const std::string records = pax_records(name, size); !records.empty()) {
        append_block(out, "PaxHeaders/record", records.size(), 'x');
        out += records;
        out.append(tar_padding(records.size()), '\0');
    }
    append_block(out, name, size, '0');
}

void append_tar_member(std::string& out, std::string_view name, std::string_view bytes) {
    append_tar_header(out, name, bytes.size());
    out += bytes;
    out.append(tar_padding(bytes.size()), '\0');
}

void append_tar_end(std::string& out) {
    out.append(2 * kTarBlock, '\0');
}

std::uint64_t tar_member_bytes(std::string_view name, std::uint64_t size) {
    const std::uint64_t pax = pax_records(name, size).size();
    const std::uint64_t pax_bytes = pax == 0 ? 0 : kTarBlock + pax + tar_padding(pax);
    return pax_bytes + kTarBlock + size + tar_padding(size);
}

}  // namespace lip::shard
