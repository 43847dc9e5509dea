#include "tensor/unpickler.h"

#include "cli/error.h"
#include "tensor/pt_file.h"
#include "tests/unit/shard/temp_folder.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace lip::tensor {
namespace {

using shard::spill;
using shard::TempFolder;

const std::string kCorpus = std::string(LIP_SOURCE_DIR) + "/tests/fuzz/corpus/";

PickleValuePtr read(const std::string& bytes, bool objects = false) {
    return unpickle(
        bytes, "file",
        [](const PickleValue::Storage& s) {
            return at::zeros({s.size}, at::TensorOptions(s.type));
        },
        objects);
}

std::string refusal(const std::string& bytes) {
    try {
        read(bytes);
    } catch (const cli::DataError& error) {
        return error.what();
    }
    return "read";
}

std::string file(const std::string& name) {
    std::ifstream stream(kCorpus + name, std::ios::binary);
    std::ostringstream bytes;
    bytes << stream.rdbuf();
    return bytes.str();
}

TEST_CASE("plain values of the protocols are values") {
    for (const char* name : {"pickle_fuzz/protocol2.pkl", "pickle_fuzz/protocol4.pkl"}) {
        const PickleValuePtr whole = read(file(name));
        const auto& dict = std::get<PickleValue::Dict>(whole->is);
        REQUIRE(dict.items.size() == 2);
        CHECK(std::get<std::string>(dict.items[0].first->is) == "a");
        const auto& list = std::get<PickleValue::List>(dict.items[0].second->is);
        REQUIRE(list.items.size() == 6);
        CHECK(std::get<std::int64_t>(list.items[0]->is) == 1);
        CHECK(std::get<double>(list.items[1]->is) == 2.5);
        CHECK(std::get<bool>(list.items[4]->is));
        CHECK(std::get<PickleValue::Tuple>(list.items[5]->is).items.size() == 2);
    }
}

TEST_CASE("sizes, devices, sets and NumPy's numbers beside a state dict are passed over") {
    const NamedTensors tensors = read_pt(kCorpus + "pt_fuzz/odd.pt");
    REQUIRE(tensors.size() == 1);
    CHECK(tensors[0].first == "w");
    CHECK(tensors[0].second.equal(at::ones({1})));
}

TEST_CASE("the tensors of a program are read by the paths of their attributes") {
    CHECK(is_torchscript(kCorpus + "pt_fuzz/script.pt"));
    const NamedTensors tensors = read_pt(kCorpus + "pt_fuzz/script.pt");
    REQUIRE(tensors.size() == 3);
    bool found = false;
    for (const auto& [name, value] : tensors)
        found |= name == "l.weight" && value.equal(at::ones({2, 2}));
    CHECK(found);
    CHECK_THROWS_AS(read_pt(kCorpus + "pt_fuzz/script.pt", /*ema=*/true), cli::DataError);
}

TEST_CASE("averages are read where they are asked for, and only there") {
    CHECK(read_pt(kCorpus + "pt_fuzz/wrapped.pt", /*ema=*/true).size() == 3);
    CHECK_THROWS_AS(read_pt(kCorpus + "pt_fuzz/plain.pt", /*ema=*/true), cli::DataError);
}

TEST_CASE("what holds itself, or is deeper than any file, is refused") {
    CHECK(refusal(file("pickle_fuzz/circle.pkl")).find("hold themselves") != std::string::npos);
    CHECK(refusal(file("pickle_fuzz/deep.pkl")).find("hold themselves") != std::string::npos);
    CHECK(refusal(file("pickle_fuzz/circle-dropped.pkl")) == "read");  // not part of the value
    // Twice the same is no circle: [x, x] with x = [].
    using namespace std::string_literals;
    CHECK(refusal("\x80\x02]q\0(]q\1h\1e."s) == "read");
}

TEST_CASE("code is refused by its name") {
    const std::string message = refusal(std::string("\x80\x02") + "cos\nsystem\nU\x02ls\x85R.");
    CHECK(message.find("os.system") != std::string::npos);
}

TEST_CASE("a cut pickle is called damaged") {
    const std::string whole = file("pickle_fuzz/plain.pkl");
    for (std::size_t size = 2; size < whole.size(); size += 7)
        CHECK(refusal(whole.substr(0, size)) != "read");
}

}  // namespace
}  // namespace lip::tensor
