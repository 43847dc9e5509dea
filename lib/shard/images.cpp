#include "shard/images.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/file.h"
#include "record/lines.h"
#include "record/operands.h"
#include "shard/image_inputs.h"
#include "shard/images_by_key.h"
#include "shard/list.h"
#include "shard/sample_record.h"
#include "shard/stream.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

namespace lip::shard {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestImage = std::size_t{1} << 30;

}  // namespace

struct ImageStream::State {
    ImageInput input;
    record::ErrorLog& errors;
    Inputs found;
    std::vector<Input>& inputs;
    std::optional<record::OpenInput> opened;  // of the input at hand, if it cannot be opened again
    std::size_t at = 0;
    std::optional<record::RecordReader> records;
    std::optional<ShardStream> shard;
    std::optional<ImagesByKey> images_from;
    std::uint64_t sample = 0;
    std::int64_t taken = 0;
    std::uint64_t rivals = 0;  // samples with several pictures
    std::string rival_key;

    State(const ImageInput& in, record::ErrorLog& log)
        : input(in), errors(log), found(find_inputs(in.stream)), inputs(found.list) {
        for (const auto& folder : found.folders)
            for (const PictureFolder::BadLine& bad : folder->bad_lines()) {
                errors.count_records(1);
                errors.report(bad.place, bad.reject, bad.raw);
            }
        if (in.images_from.empty()) return;
        if (in.images_from == "-")
            throw cli::UsageError(
                "--images-from -: standard input cannot be read again where records and images do "
                "not go side by side: name a file");
        for (const Input& one : inputs) check_needs_images(one);
        images_from.emplace(in.images_from);
    }

    static void check_needs_images(const Input& one) {
        if (one.kind == InputKind::kShard || one.kind == InputKind::kImage)
            throw cli::UsageError("--images-from is for records without images, and " +
                                  record::display_name(one.path) + " has them");
    }

    // Says what the input at hand is.
    void look() {
        opened = record::open_input(inputs[at].path);
        inputs[at].kind = kind_of(*opened);
        inputs[at].key = opened->name;
        if (images_from) check_needs_images(inputs[at]);
    }

    fs::path root() const {
        if (!input.image_root.empty()) return input.image_root;
        const std::string& path = inputs[at].path;
        return path == "-" ? fs::path(".") : fs::path(path).parent_path();
    }

    bool wants_image(const record::Record& record) const {
        return input.need_images && (!input.wants_image || input.wants_image(record));
    }

    bool next_of_records(ImageRecord& item) {
        if (!records) {
            record::StreamSettings one = input.stream;
            one.inputs = {inputs[at].path};
            one.limit = input.stream.limit - taken;
            if (opened)
                records.emplace(one, std::move(*opened), errors);
            else
                records.emplace(one, errors);
            opened.reset();
        }
        item.others.clear();
        while (records->next(item.record, item.place)) {
            ++taken;
            item.bytes.clear();
            item.ext.clear();
            if (!wants_image(item.record)) return true;
            const std::string why = read_image(item);
            if (why.empty()) return true;
            std::string line;
            record::append_json(line, item.record);
            errors.report(item.place, {"no-image", why}, line);
        }
        records.reset();
        return false;
    }

    // Empty, or why there is no image.
    std::string read_image(ImageRecord& item) {
        if (images_from) {
            auto image = images_from->find(item.record);
            if (!image)
                return "the image is not in " + input.images_from +
                       ", or not in the order of the records" +
                       (images_from->in_parquet() ? " (it goes by \"image\", as recaption-ingest "
                                                    "gives it for that file)"
                                                  : "");
            item.bytes = std::move(image->bytes);
            item.ext = std::move(image->ext);
            return {};
        }
        if (item.record.image.empty())
            return item.record.url.empty() ? "the record has no \"image\""
                                           : "the record has only a \"url\" (download it first)";
        const fs::path path = root() / item.record.image;
        try {
            item.bytes = record::read_regular_file(path.string(), kLargestImage);
            return {};
        } catch (const cli::DataError& problem) {
            return std::string(problem.what()) +
                   " (--image-root DIR sets where relative paths start)";
        }
    }

    bool next_of_shard(ImageRecord& item) {
        if (!shard) open_shard();
        Sample next;
        while (taken < input.stream.limit) {
            const bool is_there = shard->next(next);
            if (is_there) errors.count_records(1);
            item.place = {record::display_name(inputs[at].path), ++sample, 0, true, {}};
            for (const std::string& fault : shard->faults())
                errors.report_part(item.place, {"bad-member", fault}, {});
            if (!is_there) break;
            ++taken;
            item.place.key = next.key;
            auto record = record_of(next);
            const auto choice = find_picture(next);
            const Member* picture = choice ? &next.members[choice->member] : nullptr;
            if (choice && choice->rivals > 0 && rivals++ == 0) rival_key = next.key;
            item.others.clear();
            for (Member& member : next.members)
                if (&member != picture && !equal_ignoring_case(member.ext, "json"))
                    item.others.push_back(std::move(member));
            if (!record) {
                errors.report(item.place, record.reject());
            } else if (wants_image(*record) && !picture) {
                errors.report(item.place, {"no-image", "the sample has no image member"});
            } else {
                item.record = std::move(*record);
                item.bytes = picture ? picture->bytes : "";
                item.ext = picture ? picture->ext : "";
                return true;
            }
        }
        if (shard->ignored_members() > 0)
            cli::verbose(record::display_name(inputs[at].path) +
                         ": passed over: " + std::to_string(shard->ignored_members()) +
                         " members that belong to no sample");
        shard.reset();
        return false;
    }

    void open_shard() {
        if (opened)
            shard.emplace(std::move(*opened));
        else
            shard.emplace(inputs[at].path);
        opened.reset();
        shard->leave_out_bad_members();
        sample = 0;
    }

    void say_rivals() {
        if (rivals > 0)
            cli::warn(std::to_string(rivals) + (rivals == 1 ? " sample has" : " samples have") +
                      " several pictures, of which the first is used (" + rival_key +
                      (rivals > 1 ? ", ...)" : ")"));
        rivals = 0;
    }

    static record::Record bare(const std::string& key) {
        record::Record record;
        record.key = key;
        record.object.set_text("key", key);
        return record;
    }

    bool next(ImageRecord& item);

    // False if it is no good.
    bool next_of_image(ImageRecord& item) {
        const Input& one = inputs[at];
        ++taken;
        errors.count_records(1);
        item.place = {record::display_name(one.path), 1, 0, false, {}};
        item.ext.clear();
        item.others.clear();
        auto record = cli::Result<record::Record>(bare(one.key));
        if (one.folder) {
            Sample beside = one.folder->sample_of(one.path);
            beside.key = one.key;
            if (!beside.members.empty()) record = record_of(beside);
        }
        if (!record) {
            errors.report(item.place, record.reject());
            return false;
        }
        item.record = std::move(*record);
        item.record.image = one.path;
        item.record.object.set_text("image", one.path);
        item.bytes.clear();
        if (!wants_image(item.record)) return opened.reset(), true;
        try {
            item.bytes =
                opened ? read_opened() : record::read_regular_file(one.path, kLargestImage);
        } catch (const cli::DataError& problem) {
            errors.report(item.place, {"no-image", problem.what()});
            return false;
        }
        return true;
    }

    std::string read_opened() {
        record::Window window(std::move(opened->bytes));
        opened.reset();
        while (window.more())
            if (window.view().size() > kLargestImage)
                throw cli::DataError(record::display_name(inputs[at].path) + ": is over 1 GiB");
        return std::string(window.view());
    }
};

ImageStream::ImageStream(const ImageInput& input, record::ErrorLog& errors)
    : state_(std::make_unique<State>(input, errors)) {}
ImageStream::~ImageStream() = default;

std::string ImageStream::skip_to(std::uint64_t n) {
    const bool need_images = std::exchange(state_->input.need_images, false);
    ImageRecord item;
    while (state_->errors.records() < n && next(item)) {
    }
    state_->input.need_images = need_images;
    return item.record.key;
}

bool ImageStream::next(ImageRecord& item) {
    const bool found = state_->next(item);
    item.number = state_->errors.records();
    return found;
}

bool ImageStream::State::next(ImageRecord& item) {
    State& s = *this;
    for (; s.at < s.inputs.size(); ++s.at) {
        if (s.taken >= s.input.stream.limit) break;
        if (s.inputs[s.at].kind == InputKind::kUnknown) s.look();
        switch (s.inputs[s.at].kind) {
            case InputKind::kImage:
                if (!s.next_of_image(item)) break;
                ++s.at;
                return true;
            case InputKind::kShard:
                if (s.next_of_shard(item)) return true;
                break;
            case InputKind::kRecords:
                if (s.next_of_records(item)) return true;
                break;
            case InputKind::kUnknown:
                break;
        }
    }
    s.say_rivals();
    return false;
}

bool ImageStream::never_waits() const {
    return std::ranges::all_of(state_->found.list, [](const Input& input) {
        return input.folder || fs::is_regular_file(input.path);
    });
}

std::string ImageStream::resolve(const ImageRecord& item, const std::string& path) const {
    if (fs::path(path).is_absolute()) return path;
    if (!state_->input.image_root.empty())
        return (fs::path(state_->input.image_root) / path).string();
    const fs::path file = item.place.file;
    return item.place.file == "standard input" ? path : (file.parent_path() / path).string();
}

}  // namespace lip::shard
