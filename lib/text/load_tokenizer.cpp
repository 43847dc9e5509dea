// Which tokenizer a file or a folder holds.
#include "text/clip_tokenizer.h"
#include "text/piece_json.h"
#include "text/tokenizer.h"
#include "text/tokenizer_config.h"

#include "cli/error.h"

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <memory>

namespace lip::text {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{256} << 20;  // unpacked

// In this order: a SentencePiece model beside Hugging Face's rewriting of it is the original.
constexpr std::string_view kFiles[] = {"tokenizer.model",
                                       "spiece.model",
                                       "tokenizer.json",
                                       "vocab.json",
                                       "bpe_simple_vocab_16e6.txt.gz",
                                       "bpe_simple_vocab_16e6.txt",
                                       "vocab.txt.gz"};

// The bytes of a file, unpacked if it is in gzip's format.
std::string read_file(const fs::path& path) {
    const auto fail = [&](const char* why) {
        throw cli::DataError(path.string() + ": the tokenizer cannot be read (" + why + ")");
    };
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
    if (!file) fail("no such file, or no permission");
    std::string bytes;
    std::string block(1 << 20, '\0');
    while (true) {
        const int count = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()));
        if (count < 0) fail("damaged gzip data");
        bytes.append(block, 0, static_cast<std::size_t>(count));
        if (bytes.size() > kMaxFile) fail("larger than 256 MiB");
        if (count < static_cast<int>(block.size())) break;
    }
    int status = Z_OK;
    gzerror(file.get(), &status);
    if (status != Z_OK && status != Z_STREAM_END) fail("the gzip data end too early");
    return bytes;
}

void refuse_pointer(const fs::path& path) {
    constexpr std::string_view kPointer = "version https://git-lfs";
    std::string head(kPointer.size(), '\0');
    std::ifstream(path, std::ios::binary).read(head.data(), std::ssize(head));
    if (head == kPointer)
        throw cli::DataError(
            path.string() + ": is a git-lfs pointer, not the file itself (git lfs pull brings it)");
}

fs::path file_in(const fs::path& folder) {
    fs::path file = tokenizer_in(folder);
    if (file.empty())
        throw cli::DataError(folder.string() + ": holds no tokenizer (none of " +
                             tokenizer_files() + ")");
    return file;
}

TokenizerOptions with_config(TokenizerOptions options, const fs::path& folder) {
    const fs::path file = folder / kTokenizerConfigFile;
    if (!fs::is_regular_file(file)) return options;
    const TokenizerOptions config = parse_tokenizer_config(read_file(file), file.string());
    if (!options.clean) options.clean = config.clean;
    if (!options.begin) options.begin = config.begin;
    if (!options.pad_id) options.pad_id = config.pad_id;
    options.end = config.end;
    options.begin_piece = config.begin_piece;
    options.end_piece = config.end_piece;
    options.pad_piece = config.pad_piece;
    options.has_other_ids = config.has_other_ids;
    return options;
}

std::unique_ptr<Tokenizer> load_pair(const fs::path& folder, Clean clean) {
    const fs::path vocab = folder / "vocab.json", merges = folder / "merges.txt";
    return std::make_unique<ClipTokenizer>(
        parse_vocab_and_merges(read_file(vocab), vocab.string(), read_file(merges),
                               merges.string()),
        clean, std::string(), vocab.string());
}

std::unique_ptr<Tokenizer> load_piece_json(std::string_view json, const std::string& name,
                                           TokenizerOptions options) {
    PieceModel model = parse_piece_json(json, options, name);
    options.begin = model.has_begin;
    if (model.pad_id) options.pad_id = model.pad_id;
    const Clean clean = options.clean.value_or(Clean::kNone);
    if (clean == Clean::kNone && model.has_lower) options.clean = Clean::kLower;
    if (clean == Clean::kNone && model.has_words) options.clean = Clean::kSpaces;
    if (model.has_lower && clean == Clean::kWhitespace)
        throw cli::DataError(name +
                             ": lower case after the cleaning \"whitespace\" is not "
                             "supported");
    return make_sentencepiece(std::move(model.bytes), name, options);
}

}  // namespace

std::string tokenizer_files() {
    std::string names;
    for (const std::string_view name : kFiles) (names += names.empty() ? "" : ", ") += name;
    return names;
}

fs::path tokenizer_in(const fs::path& folder) {
    for (const std::string_view name : kFiles)
        if (fs::is_regular_file(folder / name)) return folder / name;
    return {};
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path, const TokenizerOptions& given) {
    const fs::path file = fs::is_directory(path) ? file_in(path) : fs::path(path);
    const fs::path folder = file.parent_path();
    refuse_pointer(file);
    const TokenizerOptions options = with_config(given, folder);
    const std::string name = file.filename().string();
    Clean huggingface = options.clean.value_or(Clean::kHuggingFace);
    // open_clip's cleaning that keeps the case goes before Hugging Face's class, which does not.
    if (huggingface == Clean::kWhitespace) huggingface = Clean::kOpenClip;
    if (name == "vocab.json" || name == "merges.txt") return load_pair(folder, huggingface);
    if (name.ends_with(".json")) {
        std::string bytes = read_file(file);
        if (is_piece_json(bytes)) return load_piece_json(bytes, file.string(), options);
        ClipVocabulary vocabulary = parse_tokenizer_json(bytes, file.string());
        return std::make_unique<ClipTokenizer>(std::move(vocabulary), huggingface, std::move(bytes),
                                               file.string());
    }
    if (name.ends_with(".txt") || name.ends_with(".txt.gz"))
        return std::make_unique<ClipTokenizer>(parse_bpe_text(read_file(file), file.string()),
                                               options.clean.value_or(Clean::kOpenClip),
                                               std::string(), file.string());
    return load_sentencepiece(file.string(), options);
}

}  // namespace lip::text
