#include "train/event_file.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

namespace lip::train {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNameHead = "events.out.tfevents.", kNameTail = ".train";
constexpr std::size_t kFrameHead = 12, kFrameTail = 4;  // length and its sum; sum of the bytes
constexpr std::uint64_t kLongestEvent = 1 << 20;        // ours have some hundred bytes

constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ (c & 1 ? 0x82F63B78U : 0);
        table[i] = c;
    }
    return table;
}

template <typename T>
void append_little_endian(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = (value << 8) | static_cast<unsigned char>(bytes[i]);
    return value;
}

// Fields of a protobuf message: a key (number * 8 + wire type), then a value.
constexpr char kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5, kVarint = 0;
constexpr char key(int number, char wire_type) {
    return static_cast<char>(number * 8 + wire_type);
}

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
    out += static_cast<char>(value);
}

void append_bytes(std::string& out, int number, std::string_view bytes) {
    out += key(number, kLengthDelimited);
    append_varint(out, bytes.size());
    out += bytes;
}

// Event: 1 wall_time, 2 step, then one of 3 file_version, 5 summary, 7 session_log.
std::string event_head(std::int64_t step, std::int64_t time_s) {
    std::string out(1, key(1, kFixed64));
    append_little_endian(out, std::bit_cast<std::uint64_t>(static_cast<double>(time_s)));
    out += key(2, kVarint);
    append_varint(out, static_cast<std::uint64_t>(step));
    return out;
}

// The step of an event that event_head() began.
std::optional<std::int64_t> step_of(std::string_view event) {
    constexpr std::size_t kStepAt = 9;
    if (event.size() <= kStepAt || event[0] != key(1, kFixed64) ||
        event[kStepAt] != key(2, kVarint))
        return std::nullopt;
    std::uint64_t step = 0;
    for (std::size_t i = kStepAt + 1, shift = 0; i < event.size() && shift < 63; ++i, shift += 7) {
        step |= (static_cast<std::uint64_t>(event[i]) & 0x7f) << shift;
        if ((event[i] & 0x80) == 0) return static_cast<std::int64_t>(step);
    }
    return std::nullopt;
}

std::string file_name(std::int64_t step) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%08lld", static_cast<long long>(step));
    return std::string(kNameHead) + digits + std::string(kNameTail);
}

// Bytes of `content` that hold whole events up to `step`.
std::size_t length_up_to(std::string_view content, std::int64_t step, const std::string& path) {
    std::size_t at = 0;
    while (content.size() - at >= kFrameHead + kFrameTail) {
        const std::string_view rest = content.substr(at);
        const std::uint64_t length = little_endian(rest.substr(0, 8));
        const bool is_sound_length =
            little_endian(rest.substr(8, 4)) == masked_crc32c(rest.substr(0, 8));
        if (is_sound_length && length <= kLongestEvent &&
            length > rest.size() - kFrameHead - kFrameTail)
            break;  // cut short when the run was killed
        const std::string_view event =
            is_sound_length && length <= kLongestEvent ? rest.substr(kFrameHead, length) : "";
        const std::optional<std::int64_t> found = step_of(event);
        if (!found ||
            little_endian(rest.substr(kFrameHead + length, kFrameTail)) != masked_crc32c(event)) {
            cli::warn(path + ": damaged at byte " + std::to_string(at) +
                      "; the rest of the file is removed");
            break;
        }
        if (*found > step) break;
        at += kFrameHead + length + kFrameTail;
    }
    return at;
}

// Leaves of the file the events up to `step`, or removes it if it is of a later part.
void cut_after(const fs::path& path, std::int64_t step) {
    if (path.filename().string() >= file_name(step)) {
        fs::remove(path);
        return;
    }
    const std::string content = record::read_file(path.string());
    const std::size_t kept = length_up_to(content, step, path.string());
    if (kept == content.size()) return;
    std::error_code failed;
    fs::resize_file(path, kept, failed);
    if (failed) throw cli::DataError(path.string() + ": cannot be truncated: " + failed.message());
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
    static constexpr std::array<std::uint32_t, 256> kTable = crc_table();
    std::uint32_t c = 0xffffffffU;
    for (const char byte : bytes)
        c = kTable[(c ^ static_cast<unsigned char>(byte)) & 0xff] ^ (c >> 8);
    return ~c;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
    return std::rotr(crc32c(bytes), 15) + 0xa282ead8U;
}

EventFile::EventFile(const fs::path& folder, std::int64_t step, std::int64_t time_s)
    : path_((folder / file_name(step)).string()) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw cli::DataError(folder.string() + ": cannot be created: " + failed.message());
    std::vector<fs::path> earlier;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_regular_file() && name.starts_with(kNameHead) && name.ends_with(kNameTail))
            earlier.push_back(entry.path());
    }
    for (const fs::path& path : earlier) cut_after(path, step);
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (fd_ < 0) throw cli::DataError(path_ + ": cannot be created: " + std::strerror(errno));
    std::string version = event_head(step, time_s);
    append_bytes(version, 3, "brain.Event:2");
    write(version);
    if (step == 0) return;
    // SessionLog START: a TensorBoard that is looking on forgets the steps that come again.
    std::string start = event_head(step + 1, time_s);
    append_bytes(start, 7, {"\x08\x01", 2});
    write(start);
}

EventFile::~EventFile() {
    if (fd_ >= 0) ::close(fd_);
}

void EventFile::append(std::int64_t step, std::int64_t time_s, const Figures& figures,
                       const std::string& prefix) {
    std::string summary;
    for (const auto& [name, number] : figures) {
        std::string value;
        append_bytes(value, 1, prefix + name);
        value += key(2, kFixed32);
        append_little_endian(value, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
        append_bytes(summary, 1, value);
    }
    std::string event = event_head(step, time_s);
    append_bytes(event, 5, summary);
    write(event);
}

void EventFile::write(const std::string& event) {
    std::string frame;
    append_little_endian(frame, static_cast<std::uint64_t>(event.size()));
    append_little_endian(frame, masked_crc32c(frame));
    frame += event;
    append_little_endian(frame, masked_crc32c(event));
    const ssize_t written = ::write(fd_, frame.data(), frame.size());
    if (written == static_cast<ssize_t>(frame.size())) {
        size_ += written;
        return;
    }
    const std::string why = written < 0 ? std::strerror(errno) : "No space left on device";
    // What is there of this event is taken back.
    const bool is_whole = ::ftruncate(fd_, size_) == 0;
    throw cli::DataError(path_ + ": write error: " + why +
                         (is_whole ? "" : "; its last event is incomplete"));
}

}  // namespace lip::train
