// Scalars for TensorBoard: TFRecord files of Event messages. train(1) says where they lie.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::train {

inline constexpr char kEventFolder[] = "tensorboard";  // in that of the run

using Figures = std::vector<std::pair<std::string, double>>;

// EventFile appends one event a call to events.out.tfevents.SSSSSSSS.train, where SSSSSSSS is the
// step after which the run starts or goes on: each part of a run has a file of its own.
//
// An event is there whole or not at all. One thread at a time.
class EventFile {
public:
    // Makes `folder` and the file. In files of earlier parts, events of later steps than `step` are
    // cut off, with what a killed run left half-written: those steps come again. Throws DataError.
    EventFile(const std::filesystem::path& folder, std::int64_t step, std::int64_t time_s);
    ~EventFile();
    EventFile(const EventFile&) = delete;
    EventFile& operator=(const EventFile&) = delete;

    // Figures that are not finite are written as they are; TensorBoard draws a mark. Throws
    // DataError.
    void append(std::int64_t step, std::int64_t time_s, const Figures& figures,
                const std::string& prefix = "train/");

private:
    void write(const std::string& event);
    std::string path_;
    int fd_ = -1;
    std::int64_t size_ = 0;
};

// CRC-32C (Castagnoli), and the form in which a TFRecord holds it.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace lip::train
