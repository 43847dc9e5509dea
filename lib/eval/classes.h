// Classes by their names: files of classes, templates around names, and the vectors they become.
#pragma once

#include "eval/class_settings.h"
#include "eval/embedder.h"
#include "record/record.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lip::eval {

struct Class {
    std::string id;
    std::vector<std::string> names;    // the first one is shown; others are synonyms
    std::vector<std::string> prompts;  // of a JSON file: whole texts, used without templates
};

// The classes of a file in its order. Immutable; any thread.
class Classes {
public:
    // Reads a file, or a list that comes with the tools by its name (share/classes), which goes
    // before a file of that name: "./voc20" is one. A file has a name a line (its own id); or
    // "id<TAB>name|synonym|..."; or is a JSON object {class: [prompts]}, {id: name} or
    // {number: [WordNet id, name]}, or a JSON list of names.
    // The first line tells which. Empty lines at the end do not count. Throws DataError with file
    // and line for a file that is empty, an id that stands twice, an empty name or text that is not
    // UTF-8.
    explicit Classes(const std::string& word_or_file);

    const std::vector<Class>& all() const { return classes_; }
    std::size_t size() const { return classes_.size(); }
    const Class& operator[](std::int64_t i) const { return classes_[static_cast<std::size_t>(i)]; }

    // For each class the first one with the same names or prompts: itself, where there is none.
    std::vector<std::int64_t> twins() const;

    // The class meant by a label: its id, else one of its names. Rejects with unknown-label what is
    // neither, and a name that several classes have.
    cli::Result<std::int64_t> find(const std::string& label) const;
    // The class of a region: by its label, or else its text.
    cli::Result<std::int64_t> find(const record::Region& region) const {
        return find(region.label.empty() ? region.text : region.label);
    }

private:
    void read_json(const std::string& text, const std::string& path);
    void read_list(const std::string& text, const std::string& path);
    void read_lines(const std::string& text, const std::string& path);
    void add(Class entry, const std::string& where);

    std::vector<Class> classes_;
    std::unordered_map<std::string, std::int64_t> by_id_;
    std::unordered_map<std::string, std::int64_t> by_name_;  // kAmbiguous where several have it
};

// Templates by word (photo, none, or a set of share/templates: imagenet7, imagenet80, food101 and
// others) or from a file, one a line, each with {} for the name. Throws DataError with file and
// line.
std::vector<std::string> load_templates(const std::string& word_or_file);

// `name` in place of every {} of the template.
std::string fill_template(std::string_view text, std::string_view name);

// How a text-conditioned model puts the templates of a name together: their queries are averaged,
// and the image is mixed once for the name; or it is mixed for each, and the scores are averaged.
enum class TemplateAverage { kQuery, kScore };

// Every name of every class as a vector: row i belongs to class owners[i].
struct ClassWeights {
    at::Tensor names;    // [Q, D] unit vectors, fp32, on the CPU
    at::Tensor queries;  // [Q, D], any length; undefined unless text-conditioned
    // With TemplateAverage::kScore names and queries have a row for every text, those of a name one
    // behind the other: how many each name has. Else empty.
    std::vector<std::int64_t> texts_of_name;
    std::vector<std::int64_t> owners;  // Q, ascending
    std::int64_t classes = 0;
    std::int64_t texts = 0;  // embedded
    std::int64_t cut = 0;    // of them longer than the context length
};

// Weight of a name: unit(mean over templates of the unit vectors of the filled templates),
// its query the mean of theirs. A class with prompts has one weight, over its prompts. Warns of
// texts that were cut. `average` counts for text-conditioned models alone.
ClassWeights class_weights(const Embedder& embedder, const Classes& classes,
                           const std::vector<std::string>& templates,
                           TemplateAverage average = TemplateAverage::kQuery);

// Scores of classes: cosines of the vectors u [..., D] with all names, combined for each class.
// Result [..., C], fp32, on the device of u.
at::Tensor class_scores(const at::Tensor& u, const ClassWeights& weights, Synonyms synonyms);

// Of images [B, C], fp32, on the CPU: those of a text-conditioned model have a vector for each row
// of the weights.
at::Tensor class_scores(const Embedder& embedder, const EmbeddedImages& images,
                        const ClassWeights& weights, Synonyms synonyms);

}  // namespace lip::eval
