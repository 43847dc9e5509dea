// What a program and its Parquet module (liblip_parquet.so) say to each other. Arrow is 60 MB of
// libraries: they are loaded when a Parquet file is opened, and never by a program that opens none.
#pragma once

#include <string>
#include <vector>

namespace lip::record::parquet {

// A module of another interface is refused: an installation may hold an old one.
inline constexpr int kInterface = 1;

// A Parquet file that is open. One thread at a time.
class Table {
public:
    struct Column {
        std::string name;
        bool is_bytes = false;  // or holds nothing else; left out unless read_bytes() names it
    };

    virtual ~Table() = default;
    virtual const std::vector<Column>& columns() const = 0;
    // Before the first next(): columns of bytes that are to be read as texts.
    virtual void read_bytes(const std::vector<std::string>& names) = 0;
    // The next row as JSON lines would have it: an object of all columns in their order. False at
    // the end. Throws std::runtime_error.
    virtual bool next(std::string& json) = 0;
};

// The functions of the module. Open returns nullptr and says why not.
using Interface = int (*)();
using Open = Table* (*)(const char* path, std::string& problem);
inline constexpr const char* kInterfaceSymbol = "lip_parquet_interface";
inline constexpr const char* kOpenSymbol = "lip_parquet_open";

}  // namespace lip::record::parquet
