#include "tensor/vectors.h"

#include "cli/error.h"
#include "tensor/safetensors.h"
#include "tests/unit/shard/temp_folder.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cstring>
#include <limits>

namespace lip::tensor {
namespace {

using shard::slurp, shard::spill, shard::TempFolder;

const VectorFormat& format(std::string_view name) {
    for (const VectorFormat& one : vector_formats())
        if (one.name == name) return one;
    throw std::logic_error("no such format");
}

at::Tensor some_rows(std::int64_t rows, std::int64_t width) {
    return at::arange(rows * width, at::TensorOptions(at::kFloat)).view({rows, width}) / 8;
}

void write(const std::string& path, std::string_view name, const at::Tensor& rows,
           at::ScalarType type = at::kFloat) {
    VectorWriter writer(path, format(name), type, rows.size(1), true);
    for (std::int64_t i = 0; i < rows.size(0); ++i) writer.add(rows.narrow(0, i, 1));
    writer.close();
}

// What reading a file of these bytes complains of; empty: nothing.
std::string complaint(const TempFolder& folder, std::string_view bytes) {
    const std::string path = (folder / "f").string();
    spill(path, bytes);
    try {
        read_vectors(path);
    } catch (const cli::DataError& problem) {
        const std::string what = problem.what();
        return what.starts_with(path + ": ") ? what.substr(path.size() + 2) : "no path: " + what;
    }
    return {};
}

template <class Number>
std::string with(std::string bytes, std::size_t at, Number number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
    return bytes;
}

std::string replaced(std::string bytes, std::string_view from, std::string_view to) {
    REQUIRE(from.size() == to.size());
    const std::size_t at = bytes.find(from);
    REQUIRE(at != bytes.npos);
    return bytes.replace(at, from.size(), to);
}

TEST_CASE("vectors: every format gives back the rows it was given") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    for (const VectorFormat& one : vector_formats())
        for (const std::int64_t rows : {0, 1, 5})
            for (const at::ScalarType type : {at::kFloat, at::kHalf}) {
                if (type == at::kHalf && !one.has_half) continue;
                CAPTURE(one.name);
                CAPTURE(rows);
                write(path, one.name, some_rows(rows, 3), type);
                CHECK(is_vector_file(path));
                const at::Tensor back = read_vectors(path);
                CHECK((back.scalar_type() == at::kFloat));
                CHECK(back.equal(some_rows(rows, 3)));
            }
}

TEST_CASE("vectors: headers keep their size whatever the shape is") {
    for (const VectorFormat& one : vector_formats()) {
        CAPTURE(one.name);
        const std::size_t size = one.header({0, 1, at::kFloat}).size();
        CHECK(one.header({1LL << 40, 1 << 14, at::kFloat}).size() == size);
        CHECK(one.header({999'999'999'999, 4096, at::kFloat}).size() == size);
    }
    CHECK(format("npy").header({7, 2, at::kHalf}).size() % 64 == 0);
    CHECK(format("safetensors").header({7, 2, at::kHalf}).size() % 8 == 0);
}

TEST_CASE("vectors: the bytes of a FAISS index") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    write(path, "faiss", at::ones({2, 1}));
    const char want[] =
        "IxFI\x01\0\0\0\x02\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0\0\0\x01\0\0\0\0"
        "\x02\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\x80\x3f";
    CHECK(slurp(path) == std::string(want, sizeof want - 1));
}

TEST_CASE("vectors: nothing under the name before close, nothing at all without it") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    {
        VectorWriter writer(path, format("npy"), at::kFloat, 3, false);
        writer.add(some_rows(2, 3));
        CHECK_FALSE(std::filesystem::exists(path));
        CHECK(folder.files() == 1);
    }
    CHECK(folder.files() == 0);
    CHECK_THROWS_AS(VectorWriter("/dev/null", format("npy"), at::kFloat, 3, false),
                    cli::UsageError);
}

TEST_CASE("vectors: every cut file is refused") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    for (const VectorFormat& one : vector_formats()) {
        CAPTURE(one.name);
        write(path, one.name, some_rows(2, 3));
        const std::string whole = slurp(path);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            CHECK(complaint(folder, whole.substr(0, size)) != "");
        }
        CHECK(complaint(folder, whole) == "");
        CHECK(complaint(folder, whole + "x") != "");
    }
}

TEST_CASE("vectors: every changed byte of a header gives rows or one message") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    for (const VectorFormat& one : vector_formats()) {
        write(path, one.name, some_rows(2, 3));
        const std::string whole = slurp(path);
        const std::size_t header = whole.size() - 24;
        for (std::size_t at = 0; at < header; ++at)
            for (const char byte : {'\0', '\x7f', '\xff', '9'}) {
                CAPTURE(one.name);
                CAPTURE(at);
                CHECK_FALSE(complaint(folder, with(whole, at, byte)).starts_with("no path"));
            }
    }
}

TEST_CASE("vectors: .npy headers that contradict the file") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    write(path, "npy", some_rows(2, 3));
    const std::string whole = slurp(path);
    CHECK(complaint(folder, replaced(whole, "(2, 3), }", "(3, 3), }")) ==
          "has 24 bytes of numbers, expected 3 rows of 12 bytes (is it truncated?)");
    // The product of these leaves 64 bits.
    CHECK(complaint(folder, replaced(whole, "(2, 3), }                           ",
                                     "(1099511627776, 1099511627776)      ")) ==
          "has 24 bytes of numbers, expected 1099511627776 rows of 4398046511104 bytes (is it "
          "truncated?)");
    CHECK(complaint(folder, replaced(whole, "'<f4'", "'>f4'")) ==
          "numbers of type '>f4' are not supported (array.astype('<f4') converts them)");
    CHECK(
        complaint(folder, replaced(whole, "False", "True ")) ==
        "an array in Fortran order is not supported (numpy.ascontiguousarray(array) converts it)");
    CHECK(complaint(folder, replaced(whole, "(2, 3)", "(6,  )")) ==
          "not a sound .npy file: it does not have two axes");
    CHECK(complaint(folder, with(with(whole, 6, '\x02'), 8, 0x7fffffffU)) ==
          "not a sound .npy file: a header of 2147483647 bytes");
}

TEST_CASE("vectors: safetensors headers that contradict the file") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    write(path, "safetensors", some_rows(2, 3));
    const std::string whole = slurp(path);
    CHECK(complaint(folder, with(whole, 0, std::uint64_t{1} << 40)).starts_with("not a sound"));
    CHECK(
        complaint(folder, replaced(whole, "[2,3]", "[3,3]")) ==
        "not a sound safetensors file: tensor \"embeddings\" has 24 bytes, but its shape needs 36");
    CHECK(complaint(folder, replaced(whole, "[2,3]", "[6]  ")) ==
          "the tensor \"embeddings\" does not have two axes of floating-point numbers");
    CHECK(complaint(folder, replaced(whole, "F32", "I32")) ==
          "the tensor \"embeddings\" does not have two axes of floating-point numbers");
    // The only tensor may have any name; among several one must be called embeddings.
    CHECK(complaint(folder, replaced(whole, "embeddings", "embedding_")) == "");
    write_safetensors(path, {{"a", at::ones({1, 2})}, {"b", at::ones({1, 2})}}, {}, true);
    CHECK_THROWS_WITH_AS(read_vectors(path),
                         (path + ": has no tensor \"embeddings\" among its 2").c_str(),
                         cli::DataError);
}

TEST_CASE("vectors: FAISS headers that contradict themselves, and other indexes") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    write(path, "faiss", some_rows(2, 3));
    const std::string whole = slurp(path);
    CHECK(complaint(folder, with(whole, 4, std::int32_t{0})) ==
          "not a sound FAISS index: 2 vectors of 0 numbers");
    CHECK(complaint(folder, with(whole, 8, std::int64_t{-2})) ==
          "not a sound FAISS index: -2 vectors of 3 numbers");
    CHECK(complaint(folder, with(whole, 8, std::int64_t{1} << 60)) ==
          "not a sound FAISS index: 6 numbers for 1152921504606846976 vectors of 3");
    CHECK(complaint(folder, with(with(whole, 8, std::int64_t{1} << 60), 37, std::int64_t{3} << 60))
              .starts_with("has 24 bytes of numbers, expected 1152921504606846976 rows"));
    CHECK(complaint(folder, with(whole, 33, std::int32_t{1})) ==
          "not a sound FAISS index: the metric 1 does not match its kind");
    CHECK(complaint(folder, with(with(whole, 33, std::int32_t{1}), 3, '2')) == "");
    CHECK(complaint(folder, with(whole, 1, 'w')) ==
          "is a FAISS index of kind \"IwFI\", expected a flat one (IndexFlatIP or IndexFlatL2), "
          "which "
          "holds the vectors unchanged");
}

TEST_CASE("vectors: a number that is not finite is told by its row") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    for (const float bad :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        for (const VectorFormat& one : vector_formats()) {
            at::Tensor rows = some_rows(4, 3);
            rows[2][1] = bad;
            rows[3][0] = bad;
            write(path, one.name, rows);
            CHECK_THROWS_WITH_AS(
                read_vectors(path),
                (path + ": row 3 has numbers that are not finite [bad-embedding]").c_str(),
                cli::DataError);
        }
}

TEST_CASE("vectors: the row that is not finite is found among many") {
    at::Tensor rows = at::zeros({10'000, 2});
    CHECK_NOTHROW(check_finite(rows, "f"));
    rows[9'998][1] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH_AS(check_finite(rows, "f"),
                         "f: row 9999 has numbers that are not finite [bad-embedding]",
                         cli::DataError);
}

TEST_CASE("vectors: JSON lines, packed or not, are no file of vectors") {
    const TempFolder folder;
    const std::string path = (folder / "f").string();
    for (const std::string& bytes :
         {std::string("{\"key\":\"{\",\"embedding\":[1]}\n"), std::string("{\"key\":{}}"),
          std::string("\x28\xb5\x2f\xfd\0\0\0\0{", 9),
          std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10), std::string()}) {
        spill(path, bytes);
        CHECK_FALSE(is_vector_file(path));
    }
    CHECK_FALSE(is_vector_file(folder.path().string()));
    CHECK_FALSE(is_vector_file((folder / "absent").string()));
}

}  // namespace
}  // namespace lip::tensor
