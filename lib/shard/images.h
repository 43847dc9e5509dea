// INPUT of the tools that look at images: records, shards, image files and folders of images, as
// one stream of records with the bytes of their images.
#pragma once

#include "record/errors.h"
#include "record/record.h"
#include "shard/sample.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lip::shard {

// One image of the input.
struct ImageRecord {
    record::Record record;       // of a picture in a folder: its path below that is the key
    std::string bytes;           // of the image file, as stored
    std::string ext;             // of the image in a sample: "jpg", "left.png"
    record::Place place;         // for messages
    std::uint64_t number = 0;    // records read up to this one, bad ones included
    std::vector<Member> others;  // further members of a sample in a shard
};

struct ImageInput {
    record::StreamSettings stream;  // inputs, --on-error and the rest
    std::string image_root;         // --image-root; empty: by the place of the record file
    bool need_images = true;        // false: records only, e.g. for their texts
    std::string images_from = {};   // shards with the images of records; empty: files
    // Of records for which this says no, no image is read and none need be there. Empty: all have
    // theirs.
    std::function<bool(const record::Record&)> wants_image = {};
};

// Reads all inputs in order. The kind of an input is found by its first bytes, folders are walked
// in byte order of paths. One thread at a time.
class ImageStream {
public:
    // Opens everything once. Throws UsageError, DataError.
    ImageStream(const ImageInput& input, record::ErrorLog& errors);
    ~ImageStream();

    // The next image; records whose image cannot be read go to the log (no-image).
    bool next(ImageRecord& item);

    // Reads on to record number `n` without looking at images; for resuming. Returns its key.
    std::string skip_to(std::uint64_t n);

    // All inputs are files: reading ahead of what is asked for waits for nobody.
    bool never_waits() const;

    // Where a relative path of a record begins (its image or mask): --image-root, or the folder of
    // the record file. A path inside a shard is not found this way.
    std::string resolve(const ImageRecord& item, const std::string& path) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lip::shard
