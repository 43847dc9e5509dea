#include "eval/classes.h"

#include "cli/error.h"
#include "record/data_path.h"
#include "tensor/math.h"
#include "tests/unit/eval/tiny_checkpoint.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace lip::eval {
namespace {

using shard::spill;
using shard::TempFolder;

Classes classes_of(const TempFolder& folder, const std::string& text) {
    spill(folder / "classes", text);
    return Classes((folder / "classes").string());
}

// What the constructor says of the text, without the folder's name.
std::string complaint(const TempFolder& folder, const std::string& text) {
    try {
        classes_of(folder, text);
    } catch (const cli::DataError& problem) {
        return std::string(problem.what()).substr((folder / "classes").string().size());
    }
    return "none";
}

TEST_CASE("plain names are their own ids") {
    const TempFolder folder;
    const Classes classes = classes_of(folder, "\xEF\xBB\xBFred bus\r\ncat|dog\n\n");
    REQUIRE(classes.size() == 2);
    CHECK(classes[0].id == "red bus");
    CHECK(classes[1].names == std::vector<std::string>{"cat|dog"});
    CHECK(*classes.find("red bus") == 0);
    CHECK(classes.find("bus").reject().word == "unknown-label");
}

TEST_CASE("ids with names and synonyms") {
    const TempFolder folder;
    const Classes classes = classes_of(folder, "n1\tcat|house cat\nn2\tcrane\nn3\tcrane | n1");
    REQUIRE(classes.size() == 3);
    CHECK(classes[0].names == std::vector<std::string>{"cat", "house cat"});
    CHECK(*classes.find("n2") == 1);
    CHECK(*classes.find("house cat") == 0);
    CHECK(*classes.find("n1") == 0);  // the id goes before the name of another class
    CHECK(classes.find("crane").reject().message.find("several") != std::string::npos);
}

TEST_CASE("names from a JSON list") {
    const TempFolder folder;
    const Classes classes = classes_of(folder, "\n[ \"cat\",\n \"red\\tbus\"]\n");
    REQUIRE(classes.size() == 2);
    CHECK(classes[0].id == "cat");
    CHECK(classes[1].names == std::vector<std::string>{"red\tbus"});
    CHECK(complaint(folder, "[\"cat\", 2]").find("name 2 is empty or not a string") !=
          std::string::npos);
    CHECK(complaint(folder, "[\"cat\", \"cat\"]").find("occurs twice") != std::string::npos);
    CHECK(classes_of(folder, "[cat]\n").all()[0].id == "[cat]");  // a name as any other
}

TEST_CASE("classes of the same names are twins") {
    const TempFolder folder;
    const Classes classes = classes_of(folder, "a\tcrane\nb\tcrane|bird\nc\tcrane\nd\tcrane|bird");
    CHECK(classes.twins() == std::vector<std::int64_t>{0, 1, 0, 1});
}

TEST_CASE("prompts from JSON") {
    const TempFolder folder;
    const Classes classes =
        classes_of(folder, " {\"cat\": [\"a cat\", \"whiskers\"], \"dog\": [\"it barks\"]}\n");
    REQUIRE(classes.size() == 2);
    CHECK(classes[0].prompts == std::vector<std::string>{"a cat", "whiskers"});
    CHECK(classes[1].id == "dog");
}

TEST_CASE("what is wrong with a file, and where") {
    const TempFolder folder;
    CHECK(complaint(folder, "") == ":1: no classes in the file");
    CHECK(complaint(folder, "\n \n") == ":1: no classes in the file");
    CHECK(complaint(folder, "a\nb\na\n").starts_with(":3: the id 'a' occurs twice"));
    CHECK(complaint(folder, "a\n\nb\n").starts_with(":2: the name is empty"));
    CHECK(complaint(folder, "1\ta\n2\tb||c\n").starts_with(":2: the name is empty"));
    CHECK(complaint(folder, "1\ta\nb\n").starts_with(":2: no TAB"));
    CHECK(complaint(folder, "b\n1\ta\n").starts_with(":2: has a TAB"));
    CHECK(complaint(folder, "\ta\n").starts_with(":1: a class without an id"));
    CHECK(complaint(folder, "a\n\xFF\n").starts_with(":2: the text is not UTF-8"));
    CHECK(complaint(folder, "{\"a\": [\"x\"], \"a\": [\"y\"]}").find("twice") != std::string::npos);
    CHECK(complaint(folder, "{\"a\": []}").find("list of prompts") != std::string::npos);
    CHECK(complaint(folder, "{\"a\": [1]}").find("not a string") != std::string::npos);
    CHECK(complaint(folder, "{}").starts_with(":1: no classes"));
}

TEST_CASE("templates by word and from a file") {
    CHECK(load_templates("photo") == std::vector<std::string>{"a photo of a {}."});
    CHECK(load_templates("none") == std::vector<std::string>{"{}"});
    const auto all = load_templates("imagenet80"), few = load_templates("imagenet7");
    CHECK(all.size() == 80);
    CHECK(few.size() == 7);
    for (const std::string& one : few) CHECK(std::find(all.begin(), all.end(), one) != all.end());

    const TempFolder folder;
    spill(folder / "t", "one {}\n{} or {}\n");
    const auto own = load_templates((folder / "t").string());
    REQUIRE(own.size() == 2);
    CHECK(fill_template(own[1], "cat") == "cat or cat");
    spill(folder / "t", "one {}\ntwo\n");
    CHECK_THROWS_WITH_AS(
        load_templates((folder / "t").string()),
        ((folder / "t").string() + ":2: the template has no {} for the name").c_str(),
        cli::DataError);
    spill(folder / "t", "\n");
    CHECK_THROWS_AS(load_templates((folder / "t").string()), cli::DataError);
}

TEST_CASE("template sets of data sets have the published numbers of templates") {
    const std::pair<const char*, std::size_t> sets[] = {
        {"food101", 1},  {"cifar10", 18},  {"cifar100", 18},  {"sun397", 2},      {"cars", 8},
        {"aircraft", 2}, {"dtd", 8},       {"pets", 1},       {"caltech101", 34}, {"flowers", 1},
        {"eurosat", 3},  {"imagenet7", 7}, {"imagenet80", 80}};
    for (const auto& [name, count] : sets) {
        const std::vector<std::string> templates = load_templates(name);
        CHECK(templates.size() == count);
        CHECK(std::set<std::string>(templates.begin(), templates.end()).size() == count);
    }
    CHECK(record::data_names("templates").size() == std::size(sets));
    CHECK_THROWS_AS(load_templates("food102"), cli::UsageError);
}

TEST_CASE("class lists of segmentation data sets, by name") {
    const std::pair<const char*, std::size_t> sets[] = {
        {"voc20", 20},       {"voc21", 21},       {"context59", 59}, {"context60", 60},
        {"coco_object", 81}, {"coco_stuff", 171}, {"ade150", 150},   {"cityscapes", 19}};
    for (const auto& [name, count] : sets) CHECK(Classes(name).size() == count);
    CHECK(record::data_names("classes").size() == std::size(sets));

    const Classes voc("voc21");
    CHECK(voc[0].id == "background");
    CHECK(voc[0].names.size() == 26);
    CHECK(voc[4].id == "boat");
    CHECK(voc[4].names == std::vector<std::string>{"ship"});
    CHECK(voc[11].names == std::vector<std::string>{"table"});
    CHECK(voc[15].names.size() == 7);
    CHECK(voc[20].names.size() == 5);
    const Classes plain("voc20");
    for (std::int64_t c = 0; c < 20; ++c) CHECK(plain[c].names == voc[c + 1].names);
}

TEST_CASE("scores of names become scores of classes") {
    ClassWeights weights;
    weights.names = at::eye(4);
    weights.owners = {0, 1, 1, 1};
    weights.classes = 2;
    const at::Tensor u = at::tensor({0.1F, 0.2F, 0.6F, 0.4F}).view({1, 4});
    const at::Tensor best = class_scores(u, weights, Synonyms::kMax);
    CHECK(at::allclose(best, at::tensor({0.1F, 0.6F}).view({1, 2})));
    const at::Tensor mean = class_scores(u.view({1, 1, 4}), weights, Synonyms::kMean);
    CHECK(at::allclose(mean, at::tensor({0.1F, 0.4F}).view({1, 1, 2})));
    weights.owners = {0, 0, 1, 2};
    weights.classes = 3;
    CHECK(at::allclose(class_scores(u, weights, Synonyms::kMax),
                       at::tensor({0.2F, 0.6F, 0.4F}).view({1, 3})));
}

TEST_CASE("a weight is the unit mean of the texts' unit vectors") {
    const TempFolder folder;
    EmbedderSettings settings;
    settings.model = write_tiny_checkpoint(folder);
    settings.device.type = tensor::DeviceChoice::Type::kCpu;
    settings.precision = tensor::Precision::kFp32;
    const Embedder embedder(settings);
    const ClassWeights weights =
        class_weights(embedder, classes_of(folder, "1\tcat|kitten\n2\tdog"), {"a {}.", "the {}."});
    CHECK(weights.owners == std::vector<std::int64_t>{0, 0, 1});
    CHECK(weights.classes == 2);
    CHECK(weights.texts == 6);
    const std::vector<std::string> texts = {"a kitten.", "the kitten."};
    const at::Tensor expected = tensor::unit(embedder.texts(texts).mean(0));
    CHECK(at::allclose(weights.names[1], expected, 1e-5, 1e-6));
    CHECK_FALSE(at::allclose(weights.names[0], expected, 1e-3, 1e-3));

    const ClassWeights prompts = class_weights(
        embedder, classes_of(folder, "{\"k\": [\"a kitten.\", \"the kitten.\"]}"), {"ignored {}"});
    CHECK(prompts.names.size(0) == 1);
    CHECK(at::allclose(prompts.names[0], expected, 1e-5, 1e-6));
}

TEST_CASE(
    "classes of a text-conditioned model mix the images: by mean queries, or every template") {
    const TempFolder folder;
    EmbedderSettings settings;
    settings.model = write_tiny_checkpoint(folder, tiny_llip_config());
    settings.device.type = tensor::DeviceChoice::Type::kCpu;
    settings.precision = tensor::Precision::kFp32;
    const Embedder embedder(settings);
    std::vector<std::vector<std::uint8_t>> planes(2, std::vector<std::uint8_t>(3 * 16 * 16));
    for (std::size_t i = 0; i < planes[0].size(); ++i) {
        planes[0][i] = static_cast<std::uint8_t>(i * 7 % 251);
        planes[1][i] = static_cast<std::uint8_t>(i * i % 239);
    }
    const EmbeddedImages images = embedder.embed(planes);
    CHECK(at::allclose(images.vectors, embedder.images(planes), 1e-5, 1e-6));
    // The score of an image with one query, written out.
    const auto score = [&](const model::QueryFeatures& text) {
        const model::MixedImages mixed = embedder.mixed(images.mixture, text.query);
        return (mixed.vectors * text.target).sum(-1);  // [B, T]
    };
    const Classes classes = classes_of(folder, "1\tcat|kitten\n2\tdog");
    const std::vector<std::string> templates = {"a {}.", "the {}.", "big {}"};
    std::vector<at::Tensor> by_query, by_score;  // of the names
    for (const std::string name : {"cat", "kitten", "dog"}) {
        std::vector<std::string> texts;
        for (const std::string& text : templates) texts.push_back(fill_template(text, name));
        const model::QueryFeatures f = embedder.queries(texts);
        by_score.push_back(score(f).mean(1));
        by_query.push_back(
            score({f.query.mean(0, true), tensor::unit(f.target.mean(0, true))}).squeeze(1));
    }
    for (const auto average : {TemplateAverage::kQuery, TemplateAverage::kScore}) {
        const auto& names = average == TemplateAverage::kQuery ? by_query : by_score;
        const ClassWeights weights = class_weights(embedder, classes, templates, average);
        CHECK(at::allclose(class_scores(embedder, images, weights, Synonyms::kMax),
                           at::stack({at::maximum(names[0], names[1]), names[2]}, 1), 1e-4, 1e-5));
        CHECK(at::allclose(class_scores(embedder, images, weights, Synonyms::kMean),
                           at::stack({(names[0] + names[1]) / 2, names[2]}, 1), 1e-4, 1e-5));
    }
    CHECK_FALSE(at::allclose(by_query[0], by_score[0], 1e-4, 1e-5));
    // Not those of the vectors that depend on no text.
    const ClassWeights weights = class_weights(embedder, classes, templates);
    CHECK_FALSE(at::allclose(class_scores(images.vectors, weights, Synonyms::kMax),
                             class_scores(embedder, images, weights, Synonyms::kMax), 1e-4, 1e-5));
}

}  // namespace
}  // namespace lip::eval
