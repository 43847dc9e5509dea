#include "eval/classes.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "record/data_path.h"
#include "record/file.h"
#include "record/object.h"
#include "tensor/math.h"
#include "text/byte_order_mark.h"
#include "text/utf8.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>

namespace lip::eval {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20;
constexpr std::size_t kTextsAtOnce = 4096;
constexpr std::int64_t kAmbiguous = -1;

// Lines without their ends; empty ones at the end are left out.
std::vector<std::string_view> lines_of(std::string_view text) {
    text = lip::text::without_byte_order_mark(text);
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    while (!lines.empty() && text::trim(lines.back()).empty()) lines.pop_back();
    return lines;
}

std::string at_line(const std::string& path, std::size_t index) {
    return path + ":" + std::to_string(index + 1);
}

std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> names;
    for (;;) {
        const std::size_t end = text.find('|');
        names.emplace_back(text::trim(text.substr(0, end)));
        if (end == text.npos) return names;
        text.remove_prefix(end + 1);
    }
}

std::string read_text_file(const std::string& path) {
    std::string text = record::read_file(path, kLargestFile);
    if (!text::replace_invalid_utf8(text).changed) return text;
    const std::vector<std::string_view> lines = lines_of(text);
    std::size_t i = 0;
    while (i < lines.size() && !text::replace_invalid_utf8(lines[i]).changed) ++i;
    throw cli::DataError(at_line(path, i) + ": the text is not UTF-8 (iconv converts it)");
}

// share/FOLDER/WORD.EXTENSION where there is one, else the word itself: the path of a file.
std::string shared_or_file(const std::string& folder, const std::string& word,
                           const std::string& extension) {
    const std::vector<std::string> known = record::data_names(folder);
    if (std::find(known.begin(), known.end(), word) == known.end()) return word;
    return record::data_file(folder + "/" + word + extension);
}

// A list, be it cut off, not a name in brackets.
bool is_json_list(std::string_view text) {
    if (!text.starts_with('[')) return false;
    if (nlohmann::json::accept(text)) return true;
    const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
    return next == text.npos ||
           std::string_view("\"[{]").find(text[next]) != std::string_view::npos;
}

// {"0": ["n01440764", "tench"]}: the number of a class, its id in WordNet and its name, which lists
// of ImageNet go about in.
bool is_wordnet_pair(std::string_view number, const std::vector<std::string>& pair) {
    const auto are_digits = [](std::string_view text) {
        return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    };
    return are_digits(number) && pair.size() == 2 && pair[0].size() == 9 && pair[0][0] == 'n' &&
           are_digits(std::string_view(pair[0]).substr(1));
}

}  // namespace

Classes::Classes(const std::string& word) {
    const std::string path = shared_or_file("classes", word, ".tsv");
    const std::string text = read_text_file(path);
    const std::size_t begin = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (begin != text.npos && text[begin] == '{')
        read_json(text.substr(begin), path);
    else if (begin != text.npos && is_json_list(std::string_view(text).substr(begin)))
        read_list(text.substr(begin), path);
    else
        read_lines(text, path);
    if (classes_.empty()) throw cli::DataError(path + ":1: no classes in the file");
}

void Classes::add(Class entry, const std::string& where) {
    if (entry.id.empty()) throw cli::DataError(where + ": a class without an id");
    const auto index = static_cast<std::int64_t>(classes_.size());
    const auto [known, is_new] = by_id_.emplace(entry.id, index);
    if (!is_new)
        throw cli::DataError(where + ": the id '" + entry.id + "' occurs twice (first as class " +
                             std::to_string(known->second) + ", counted from 0)");
    for (const std::string& name : entry.names) {
        if (name.empty()) throw cli::DataError(where + ": the name is empty");
        const auto [other, is_first] = by_name_.emplace(name, index);
        if (!is_first && other->second != index) other->second = kAmbiguous;
    }
    classes_.push_back(std::move(entry));
}

void Classes::read_lines(const std::string& text, const std::string& path) {
    const std::vector<std::string_view> lines = lines_of(text);
    const bool has_ids = !lines.empty() && lines.front().find('\t') != std::string_view::npos;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string where = at_line(path, i);
        const std::size_t tab = lines[i].find('\t');
        if (has_ids && tab == std::string_view::npos)
            throw cli::DataError(where +
                                 ": no TAB between id and names, but line 1 has one (plain names, "
                                 "or ids with names)");
        if (!has_ids && tab != std::string_view::npos)
            throw cli::DataError(
                where + ": has a TAB, but line 1 has none (plain names, or ids with names)");
        if (has_ids) {
            add({std::string(text::trim(lines[i].substr(0, tab))),
                 split_names(lines[i].substr(tab + 1)),
                 {}},
                where);
        } else {
            const std::string name(text::trim(lines[i]));
            if (name.empty()) throw cli::DataError(where + ": the name is empty");
            add({name, {name}, {}}, where);
        }
    }
}

void Classes::read_json(const std::string& text, const std::string& path) {
    const auto object = record::parse_object(text);
    if (!object) throw cli::DataError(path + ":1: " + object.reject().message);
    for (const record::Object::Field& field : object->fields) {
        const std::string where = path + ": class '" + field.name + "'";
        Class entry{field.name, {field.name}, {}};
        bool is_array = false;
        if (std::string name; record::read_text(field.raw, name)) {
            entry.names = {std::string(text::trim(name))};
            add(std::move(entry), where);
            continue;
        }
        for (const std::string_view raw : record::array_items(field.raw, is_array)) {
            std::string prompt;
            if (!record::read_text(raw, prompt) || text::trim(prompt).empty())
                throw cli::DataError(where + ": a prompt is empty or not a string");
            entry.prompts.push_back(std::move(prompt));
        }
        if (!is_array || entry.prompts.empty())
            throw cli::DataError(where + ": the value must be a name or a list of prompts");
        if (is_wordnet_pair(field.name, entry.prompts)) {
            std::ranges::replace(entry.prompts[1], '_', ' ');
            entry = {entry.prompts[0], {entry.prompts[1], field.name}, {}};
        }
        add(std::move(entry), where);
    }
}

void Classes::read_list(const std::string& text, const std::string& path) {
    const auto list = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!list.is_array())
        throw cli::DataError(path + ":1: is not a JSON list of names (is it truncated?)");
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string where = path + ": name " + std::to_string(i + 1);
        if (!list[i].is_string() || text::trim(list[i].get_ref<const std::string&>()).empty())
            throw cli::DataError(where + " is empty or not a string");
        const auto name = list[i].get<std::string>();
        add({name, {name}, {}}, where);
    }
}

std::vector<std::int64_t> Classes::twins() const {
    std::map<std::vector<std::string>, std::int64_t> first;
    std::vector<std::int64_t> twins;
    for (const Class& one : classes_) {
        const auto next = static_cast<std::int64_t>(twins.size());
        twins.push_back(
            first.emplace(one.prompts.empty() ? one.names : one.prompts, next).first->second);
    }
    return twins;
}

cli::Result<std::int64_t> Classes::find(const std::string& label) const {
    if (const auto id = by_id_.find(label); id != by_id_.end()) return id->second;
    const auto name = by_name_.find(label);
    if (name == by_name_.end())
        return cli::Reject{"unknown-label",
                           "the label '" + label + "' is neither the id nor a name of a class"};
    if (name->second == kAmbiguous)
        return cli::Reject{"unknown-label", "several classes have the name '" + label +
                                                "' (use the id as the label)"};
    return name->second;
}

std::vector<std::string> load_templates(const std::string& word) {
    if (word == "photo") return {"a photo of a {}."};
    if (word == "none") return {"{}"};
    if (word.find("{}") != word.npos && !std::filesystem::exists(word)) return {word};
    const std::string path = shared_or_file("templates", word, ".txt");
    if (path == word && !std::filesystem::exists(word))
        throw cli::UsageError("--templates: '" + word + "' is none of photo, none, " +
                              cli::join(record::data_names("templates")) +
                              ", not a file, and has no {} for the name");
    std::vector<std::string> templates;
    const std::string text = read_text_file(path);
    for (const std::string_view line : lines_of(text)) {
        if (line.find("{}") == line.npos)
            throw cli::DataError(at_line(path, templates.size()) +
                                 ": the template has no {} for the name");
        templates.emplace_back(line);
    }
    if (templates.empty()) throw cli::DataError(path + ":1: no templates in the file");
    return templates;
}

std::string fill_template(std::string_view text, std::string_view name) {
    std::string out;
    for (;;) {
        const std::size_t place = text.find("{}");
        out += text.substr(0, place);
        if (place == text.npos) return out;
        out += name;
        text.remove_prefix(place + 2);
    }
}

namespace {

// Texts of consecutive names, embedded together; a name's weight is made when its last is there.
class WeightMaker {
public:
    WeightMaker(const Embedder& embedder, ClassWeights& weights, TemplateAverage average)
        : embedder_(embedder),
          weights_(weights),
          every_text_(embedder.is_text_conditioned() && average == TemplateAverage::kScore) {}

    void add(const std::vector<std::string>& texts, std::int64_t owner) {
        texts_.insert(texts_.end(), texts.begin(), texts.end());
        sizes_.push_back(static_cast<std::int64_t>(texts.size()));
        weights_.owners.push_back(owner);
        if (texts_.size() >= kTextsAtOnce) flush();
    }

    void flush() {
        const model::QueryFeatures f = embedder_.queries(texts_, &weights_.cut);  // [N, D]
        std::int64_t begin = 0;
        for (const std::int64_t size : sizes_) {
            const auto own = [&](const at::Tensor& x) {
                return x.defined() ? x.narrow(0, begin, size) : at::Tensor();
            };
            model::QueryFeatures name{own(f.query), own(f.target)};
            if (!every_text_) name = model::average(name);
            names_.push_back(name.target);
            if (name.query.defined()) queries_.push_back(name.query);
            begin += size;
        }
        if (every_text_)
            weights_.texts_of_name.insert(weights_.texts_of_name.end(), sizes_.begin(),
                                          sizes_.end());
        weights_.texts += begin;
        texts_.clear();
        sizes_.clear();
    }

    void finish() {
        flush();
        weights_.names = at::cat(names_);
        if (!queries_.empty()) weights_.queries = at::cat(queries_);
    }

private:
    const Embedder& embedder_;
    ClassWeights& weights_;
    std::vector<std::string> texts_;
    std::vector<std::int64_t> sizes_;
    std::vector<at::Tensor> names_, queries_;
    bool every_text_;
};

}  // namespace

ClassWeights class_weights(const Embedder& embedder, const Classes& classes,
                           const std::vector<std::string>& templates, TemplateAverage average) {
    ClassWeights weights;
    weights.classes = static_cast<std::int64_t>(classes.size());
    WeightMaker maker(embedder, weights, average);
    for (std::int64_t c = 0; c < weights.classes; ++c) {
        if (!classes[c].prompts.empty()) {
            maker.add(classes[c].prompts, c);
            continue;
        }
        for (const std::string& name : classes[c].names) {
            std::vector<std::string> texts;
            for (const std::string& text : templates) texts.push_back(fill_template(text, name));
            maker.add(texts, c);
        }
    }
    maker.finish();
    if (weights.cut > 0)
        cli::warn(std::to_string(weights.cut) + " of " + std::to_string(weights.texts) +
                  " texts of classes were truncated to " +
                  std::to_string(embedder.config().text.context_length) + " tokens");
    return weights;
}

namespace {

at::Tensor index_on(const std::vector<std::int64_t>& values, const c10::Device& device) {
    return at::tensor(values, at::TensorOptions(at::kLong)).to(device);
}

// Highest value of each owner's names: all first names, then the second ones of those that have
// two, and so on. [..., Q] -> [..., C].
at::Tensor highest(const at::Tensor& cosines, const std::vector<std::int64_t>& owners) {
    std::vector<std::int64_t> names, next_names, next_classes;
    for (std::size_t q = 0; q < owners.size(); ++q) {
        const bool is_first = q == 0 || owners[q] != owners[q - 1];
        if (is_first) names.push_back(static_cast<std::int64_t>(q));
    }
    at::Tensor scores = cosines.index_select(-1, index_on(names, cosines.device()));
    for (;;) {
        next_names.clear();
        next_classes.clear();
        for (const std::int64_t q : names) {
            const auto next = static_cast<std::size_t>(q) + 1;
            if (next == owners.size() || owners[next] != owners[next - 1]) continue;
            next_names.push_back(q + 1);
            next_classes.push_back(owners[next]);
        }
        if (next_names.empty()) return scores;
        const at::Tensor which = index_on(next_classes, cosines.device());
        const at::Tensor others = cosines.index_select(-1, index_on(next_names, cosines.device()));
        scores.index_copy_(-1, which, at::maximum(scores.index_select(-1, which), others));
        names.swap(next_names);
    }
}

// [..., Q] -> [..., C]
at::Tensor of_classes(const at::Tensor& cosines, const ClassWeights& weights, Synonyms synonyms) {
    if (cosines.size(-1) == weights.classes) return cosines;
    if (synonyms == Synonyms::kMax) return highest(cosines, weights.owners);
    const at::Tensor owners = index_on(weights.owners, cosines.device());
    std::vector<std::int64_t> shape = cosines.sizes().vec();
    shape.back() = weights.classes;
    const at::Tensor sums = at::zeros(shape, cosines.options()).index_add(-1, owners, cosines);
    const at::Tensor counts = at::bincount(owners).to(at::kFloat);
    return sums / counts;
}

// The mean over the texts of each name, [B, N] -> [B, Q].
at::Tensor of_names(const at::Tensor& scores, const std::vector<std::int64_t>& sizes) {
    std::vector<at::Tensor> means;
    for (const at::Tensor& own : scores.split_with_sizes(sizes, /*dim=*/1))
        means.push_back(own.mean(1));
    return at::stack(means, 1);
}

}  // namespace

at::Tensor class_scores(const at::Tensor& u, const ClassWeights& weights, Synonyms synonyms) {
    const at::Tensor names = weights.names.to(u.device());
    return of_classes(u.to(at::kFloat).matmul(names.t()), weights, synonyms);
}

at::Tensor class_scores(const Embedder& embedder, const EmbeddedImages& images,
                        const ClassWeights& weights, Synonyms synonyms) {
    if (!embedder.is_text_conditioned()) return class_scores(images.vectors, weights, synonyms);
    const at::Tensor scores =
        embedder.pair_scores(images.mixture, {weights.queries, weights.names});
    return of_classes(
        weights.texts_of_name.empty() ? scores : of_names(scores, weights.texts_of_name), weights,
        synonyms);
}

}  // namespace lip::eval
