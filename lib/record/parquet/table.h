// What a program and its Parquet module (liblip_parquet.so) say to each other. Arrow is 60 MB of
// libraries: they are loaded when a Parquet file is opened, and never by a program that opens none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lip::record::parquet {

// A module of another interface is refused: an installation may hold an old one.
inline constexpr int kInterface = 3;

// A Parquet file that is open. One thread at a time.
class Table {
public:
    struct Column {
        std::string name;
        bool is_bytes = false;  // or holds nothing else; left out unless read_bytes() names it
        // The type of its values where it has no place in JSON, as a duration: always left out.
        std::string no_place = {};
    };

    virtual ~Table() = default;
    virtual const std::vector<Column>& columns() const = 0;
    // Before the first next(): columns of bytes that are to be read as texts. A picture among them
    // is read as its name.
    virtual void read_bytes(const std::vector<std::string>& names) = 0;
    // The next row as JSON lines would have it: an object of all columns in their order. False at
    // the end. Throws std::runtime_error.
    virtual bool next(std::string& json) = 0;

    // A picture that stands in the file itself.
    struct Picture {
        std::string name;  // what next() gives in its place
        std::string bytes;
    };
    // Columns that can hold pictures: {bytes, path} as Hugging Face writes them, and bytes.
    virtual bool may_have_pictures() const = 0;
    // In place of next(): the pictures of the next row, in the order of their columns; rows may
    // have none. False at the end. Throws std::runtime_error.
    virtual bool next_pictures(std::vector<Picture>& pictures) = 0;
};

// A column of a file that is written; every value may be missing.
struct NewColumn {
    std::string name;
    bool is_integer = false;  // 64 bits; else a text
};
using Cell = std::variant<std::monostate, std::int64_t, std::string_view>;

// Where the bytes of a Parquet file go, one after the other.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void write(std::string_view bytes) = 0;
};

// A Parquet file that is being written. One thread at a time.
class TableWriter {
public:
    virtual ~TableWriter() = default;
    // A cell for each column. Throws what the sink throws, and std::runtime_error.
    virtual void add(std::span<const Cell> row) = 0;
    virtual void close() = 0;
};

// The functions of the module. Open and Create return nullptr and say why not.
using Interface = int (*)();
using Open = Table* (*)(const char* path, std::string& problem);
using Create = TableWriter* (*)(const std::vector<NewColumn>& columns, Sink& sink,
                                std::string& problem);
inline constexpr const char* kInterfaceSymbol = "lip_parquet_interface";
inline constexpr const char* kOpenSymbol = "lip_parquet_open";
inline constexpr const char* kCreateSymbol = "lip_parquet_create";

}  // namespace lip::record::parquet
