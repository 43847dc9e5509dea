#include "cli/error.h"
#include "cli/log.h"
#include "cli/stop.h"
#include "cmd/shard/earlier_run.h"
#include "cmd/shard/shard.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/resize.h"
#include "record/file.h"
#include "record/object.h"
#include "record/ordered.h"
#include "shard/images.h"
#include "shard/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;
using shard::ImageRecord;

// Images are looked at in batches of a fixed size, so that output does not depend on threads.
constexpr std::size_t kBatchImages = 64;
constexpr std::size_t kBatchBytes = 16 << 20;

// What was seen of an image.
struct Look {
    std::string ext;      // of its member
    int orientation = 1;  // EXIF's; 1 too where nothing was looked at
};

// What the image is, else what its file is called.
std::string ext_of(std::string_view bytes, const std::string& path) {
    switch (image::sniff(bytes)) {
        case image::Kind::kJpeg:
            return "jpg";
        case image::Kind::kPng:
            return "png";
        case image::Kind::kWebp:
            return "webp";
        case image::Kind::kUnknown:
            break;
    }
    const std::string given = fs::path(path).extension().string();
    return given.size() > 1 ? given.substr(1) : "jpg";
}

// Encodes an image again if its short side is over --resize. Its pixels are not turned, and its
// orientation stays, so that small and unchanged images of a set mean the same: lip(7), Images.
std::optional<cli::Reject> make_small(const ShardCommand& options, std::string& bytes, Look& look) {
    const auto picture = image::decode(bytes);
    if (!picture) return picture.reject();
    const int side = std::min(picture->width, picture->height);
    if (side <= options.resize) return std::nullopt;
    const double factor = static_cast<double>(options.resize) / side;
    const auto scaled = [&](int n) {
        return std::max(1, static_cast<int>(std::lround(n * factor)));
    };
    const image::Image small = image::resize(*picture, scaled(picture->width),
                                             scaled(picture->height), image::Filter::kBicubic);
    bytes = image::encode_jpeg(small, static_cast<int>(options.quality), look.orientation);
    look.ext = "jpg";
    return std::nullopt;
}

// Looks at an image as --image-check says, encodes it again as --resize says.
std::optional<cli::Reject> check_image(const ShardCommand& options, const std::string& path,
                                       std::string& bytes, Look& look) {
    look.ext = ext_of(bytes, path);
    if (options.resize == 0 && options.image_check == "none") return std::nullopt;
    const auto header = image::read_header(bytes);
    if (!header) return header.reject();
    look.orientation = header->orientation;
    if (options.resize > 0) return make_small(options, bytes, look);
    if (options.image_check != "decode") return std::nullopt;
    const auto picture = image::decode(bytes);
    return picture ? std::nullopt : std::optional(picture.reject());
}

shard::ImageInput image_input(const ShardCommand& o) {
    if (o.no_images && !o.images_from.empty())
        throw cli::UsageError("--images-from and --no-images cannot be used together");
    return {o.stream, o.image_root, !o.no_images, o.images_from};
}

class ShardWriting {
public:
    explicit ShardWriting(const ShardCommand& options)
        : options_(options),
          is_stream_(options.common.output == "-"),
          manifest_(options.common.output + ".manifest.jsonl"),
          errors_(options.stream, options.common.force || options.resume),
          images_(image_input(options), errors_) {
        if (std::error_code failed; fs::is_other(fs::status(options.common.output, failed)))
            throw cli::UsageError("-o " + options.common.output +
                                  ": PREFIX is the beginning of file names, and this is no file "
                                  "(without -o one shard goes to standard output)");
        if (is_stream_ && options.resume) throw cli::UsageError("--resume needs -o PREFIX");
        if (is_stream_) return;
        prepare_folder();
    }

    int run() {
        try {
            if (is_stream_) writer_.emplace(STDOUT_FILENO, shard_options());
            while (read_batch()) {
                prepare_batch();
                add_batch();
                if (!is_stream_ && cli::stop_requested()) throw cli::Stopped();
            }
            if (is_stream_)
                writer_->close();
            else
                close_shard();
            if (options_.stream.allow_empty) remove_old_set();
        } catch (const cli::Stopped&) {
            writer_.reset();
            cli::info("stopped by " + cli::stop_signal_name() + ": " + std::to_string(shards_) +
                      " shards are complete (the same command with --resume continues)");
            return cli::kStopped;
        }
        say_turned();
        return errors_.finish();
    }

private:
    struct Item {
        ImageRecord image;
        Look look;
        std::optional<cli::Reject> reject;
    };

    void say_turned() const {
        if (turned_ == 0) return;
        cli::info(
            std::to_string(turned_) +
            (turned_ == 1 ? " image is to be shown turned" : " images are to be shown turned") +
            " (EXIF orientation): the pixels are packed as they are stored, and so the tools "
            "use them (see Images in lip(7))");
    }

    shard::ShardOptions shard_options() const {
        return {.frame_bytes = static_cast<std::size_t>(options_.frame_size),
                .level = static_cast<int>(options_.level),
                .threads = options_.common.thread_count(),
                .replace = options_.common.force || options_.resume};
    }

    std::string shard_path(std::uint64_t index) const {
        char number[32];
        std::snprintf(number, sizeof number, "-%06llu.tar.zst",
                      static_cast<unsigned long long>(index));
        return options_.common.output + number;
    }

    void prepare_folder() {
        const fs::path folder = fs::path(options_.common.output).parent_path();
        std::error_code failed;
        if (!folder.empty()) fs::create_directories(folder, failed);
        if (failed)
            throw cli::DataError(folder.string() + ": cannot be created: " + failed.message());
        if (!fs::exists(manifest_)) return;
        if (options_.resume) return resume();
        old_set_ = old_set(options_);
    }

    // The old set goes as a whole, or shards that the new one does not overwrite would stay behind;
    // and not before there is something in its place.
    void remove_old_set() {
        for (const fs::path& file : old_set_) fs::remove(file);
        old_set_.clear();
    }

    // Finished shards stay; the input is read again up to the last sample of the last of them.
    void resume() {
        std::string last_key;
        for (const shard::ShardInfo& info : shard::read_manifest(manifest_)) {
            last_key = info.last;
            const fs::path file = fs::path(manifest_).parent_path() / info.name;
            std::error_code failed;
            if (fs::file_size(file, failed) != info.bytes || failed)
                throw cli::DataError(
                    file.string() +
                    ": is in the manifest, but missing or of another size (start again with -f)");
        }
        std::uint64_t consumed = 0;
        const std::string text = record::read_file(manifest_);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            const auto line =
                record::parse_object(std::string_view(text).substr(begin, end - begin));
            const std::string* settings = line ? line->find("settings") : nullptr;
            const std::string* records = line ? line->find("records_read") : nullptr;
            std::int64_t number = 0;
            if (!settings || !records || !record::read_integer(*records, number))
                throw cli::DataError(
                    manifest_ + ": was not written by this tool, so --resume cannot continue it");
            if (*settings != settings_json(options_))
                throw cli::UsageError(
                    "--resume: the finished shards were written with other settings: " +
                    changed_settings(*settings, settings_json(options_)));
            consumed = static_cast<std::uint64_t>(number);
            ++shards_;
            begin = end + 1;
        }
        errors_.mute_until(consumed);
        const std::string key = images_.skip_to(consumed);
        if (errors_.records() != consumed || (consumed > 0 && key != last_key))
            throw cli::DataError(
                "--resume: the input differs from that of the finished shards: record " +
                std::to_string(consumed) + " was \"" + last_key + "\", now it is \"" + key + "\"");
        cli::info(std::to_string(shards_) + (shards_ == 1 ? " shard is" : " shards are") +
                  " complete: continuing after record " + std::to_string(consumed));
    }

    bool read_batch() {
        items_.clear();
        std::size_t bytes = 0;
        Item item;
        while (items_.size() < kBatchImages && bytes < kBatchBytes && images_.next(item.image)) {
            bytes += item.image.bytes.size();
            items_.push_back(std::move(item));
            item = {};
        }
        return !items_.empty();
    }

    void prepare_batch() {
        if (options_.no_images) return;
        const bool costly = options_.resize > 0 || options_.image_check == "decode";
        std::size_t next = 0;
        record::run_ordered<std::size_t, std::size_t>(
            costly ? options_.common.thread_count() : 1,
            [&]() -> std::optional<std::size_t> {
                return next < items_.size() ? std::optional(next++) : std::nullopt;
            },
            [&](std::size_t& i) {
                Item& item = items_[i];
                item.reject =
                    check_image(options_, item.image.record.image, item.image.bytes, item.look);
                // "left.jpeg" of a sample stays apart from its "right.jpeg".
                const std::string& given = item.image.ext;
                if (const std::size_t dot = given.rfind('.'); dot != given.npos)
                    item.look.ext = given.substr(0, dot + 1) + item.look.ext;
                return i;
            },
            [](std::size_t&) {});
    }

    void add_batch() {
        for (Item& item : items_) {
            std::string line;
            record::append_json(line, item.image.record);
            if (!item.reject) item.reject = add(item, line);
            if (item.reject) errors_.report(item.image.place, *item.reject, line);
            progress_.update(errors_.records());
        }
    }

    std::optional<cli::Reject> add(Item& item, const std::string& json) {
        shard::Sample sample{item.image.record.key, {}};
        std::uint64_t size = json.size();
        if (!options_.no_images) {
            size += item.image.bytes.size();
            sample.members.push_back({item.look.ext, std::move(item.image.bytes)});
        }
        sample.members.push_back({"json", json});
        for (shard::Member& member : item.image.others) {
            size += member.bytes.size();
            sample.members.push_back(std::move(member));
        }
        const bool full =
            !is_stream_ && writer_ && writer_->samples() > 0 &&
            (writer_->samples() >= static_cast<std::uint64_t>(options_.shard_samples) ||
             writer_->tar_bytes() + size > static_cast<std::uint64_t>(options_.shard_size));
        if (full) close_shard();
        if (!writer_) {
            writer_.emplace(shard_path(shards_), shard_options());
            temporary_.emplace(writer_->temporary().string());
        }
        const auto added = writer_->add(sample);
        if (!added) return added.reject();
        last_number_ = item.image.number;
        turned_ += item.look.orientation != 1;
        return std::nullopt;
    }

    void close_shard() {
        if (!writer_) return;
        remove_old_set();
        const shard::ShardInfo info = writer_->close();
        writer_.reset();
        temporary_.reset();
        ++shards_;
        std::string line = shard::manifest_line(info);
        record::Output("-", false).write(printed_line(info));
        line.resize(line.rfind('}'));
        line += ",\"records_read\":" + std::to_string(last_number_) +
                ",\"settings\":" + settings_json(options_);
        if (options_.common.provenance)
            line += ",\"provenance\":" + cli::provenance_json(options_.common);
        append_manifest(line + "}\n");
    }

    // On standard output the name can be opened as it is.
    std::string printed_line(shard::ShardInfo info) const {
        info.name = shard_path(shards_ - 1);
        return shard::manifest_line(info);
    }

    void append_manifest(const std::string& line) const {
        const int fd = ::open(manifest_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        const bool good =
            fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
            ::fsync(fd) == 0;
        const std::string why = std::strerror(errno);
        if (fd >= 0) ::close(fd);
        if (!good) throw cli::DataError(manifest_ + ": write error: " + why);
    }

    const ShardCommand& options_;
    bool is_stream_;
    std::string manifest_;
    record::ErrorLog errors_;
    shard::ImageStream images_;
    std::optional<shard::ShardWriter> writer_;
    std::optional<cli::TemporaryFile> temporary_;
    std::vector<fs::path> old_set_;  // to be replaced
    std::vector<Item> items_;
    std::uint64_t shards_ = 0, last_number_ = 0;
    std::uint64_t turned_ = 0;  // images with an orientation other than that of their pixels
    cli::Progress progress_{"samples", "samples"};
};

}  // namespace

int write_shards(const ShardCommand& options) {
    const bool is_stream = options.common.output == "-";
    if (is_stream) {
        cli::install_signals(cli::OnSignal::kDie);  // nothing to go on with
        if (::isatty(STDOUT_FILENO) == 1)
            throw cli::UsageError(
                "shards are not written to a terminal (name them with -o PREFIX, or pipe the "
                "output)");
    }
    if (options.common.dry_run) {
        record::ErrorLog errors(options.stream, true);
        const shard::ImageStream images(image_input(options), errors);
        const auto old = is_stream || options.resume ? std::vector<fs::path>() : old_set(options);
        if (!old.empty())
            cli::info("would replace " + std::to_string(old.size() - 1) + " shards of " +
                      old.back().string());
        cli::info("would write " + (is_stream
                                        ? "one shard to standard output"
                                        : options.common.output + "-000000.tar.zst and so on"));
        return cli::kDone;
    }
    return ShardWriting(options).run();
}

}  // namespace lip::cmd
