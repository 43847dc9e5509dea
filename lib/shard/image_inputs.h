// What the operands of a tool that looks at images stand for.
#pragma once

#include "record/content.h"
#include "record/errors.h"
#include "shard/folder.h"

#include <memory>
#include <string>
#include <vector>

namespace lip::shard {

enum class InputKind { kRecords, kShard, kImage, kUnknown };

struct Input {
    InputKind kind;
    std::string path;
    std::string key = {};                   // of an image
    const PictureFolder* folder = nullptr;  // where it is, if that was named
};

struct Inputs {
    std::vector<Input> list;
    std::vector<std::unique_ptr<PictureFolder>> folders;
};

// All inputs in order: folders are walked in byte order of paths, patterns and PREFIXes of shards
// become files. Standard input and pipes are of unknown kind. Throws UsageError, DataError.
Inputs find_inputs(const record::StreamSettings& settings);

// Of what was opened. Throws DataError naming what is neither records, nor a shard, nor an image.
InputKind kind_of(const record::OpenInput& input);

}  // namespace lip::shard
