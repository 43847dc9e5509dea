#include "text/abbreviations.h"

#include "cli/error.h"
#include "text/splitter.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace text = lip::text;

namespace {

// A file in a folder of its own, removed at the end of the test.
class ListFile {
public:
    explicit ListFile(const std::string& content) {
        std::string name = (std::filesystem::temp_directory_path() / "lip-text-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder_ = name;
        std::ofstream(path(), std::ios::binary) << content;
    }
    ~ListFile() { std::filesystem::remove_all(folder_); }
    ListFile(const ListFile&) = delete;
    ListFile& operator=(const ListFile&) = delete;

    std::filesystem::path path() const { return folder_ / "list"; }

private:
    std::filesystem::path folder_;
};

std::size_t sentences(const text::Abbreviations& book, const char* caption) {
    return text::SentenceSplitter({}, book).split(caption).size();
}

}  // namespace

TEST_CASE("words in lower case are met in any case, words with a capital only so") {
    const auto book = text::Abbreviations::builtin();
    CHECK((book.roles("mr") & text::kTitle) != 0);
    CHECK((book.roles("Mr") & text::kTitle) != 0);
    CHECK((book.roles("MR") & text::kTitle) != 0);
    CHECK((book.roles("Gen") & text::kTitle) != 0);
    CHECK(book.roles("gen") == 0);
    CHECK(book.roles("") == 0);
    CHECK(book.roles(std::string(1000, 'a')) == 0);
}

TEST_CASE("a user's list adds abbreviations and names") {
    const ListFile file("\xEF\xBB\xBF# ours\nhgb.  # height\r\n\n  Zork!\nstr\n");
    const auto book = text::Abbreviations::with_file(file.path());
    const auto builtin = text::Abbreviations::builtin();
    CHECK(sentences(builtin, "The hgb. Maria drew is red.") == 2);
    CHECK(sentences(book, "The hgb. Maria drew is red.") == 1);
    CHECK(sentences(book, "It is an hgb. The pen is red.") == 2);
    CHECK(sentences(builtin, "The Zork! Maria plays is red.") == 2);
    CHECK(sentences(book, "The Zork! Maria plays is red.") == 1);
    CHECK(sentences(book, "The car of Dr. Maria Hill.") == 1);
}

TEST_CASE("a list that cannot be used is refused") {
    CHECK_THROWS_AS(text::Abbreviations::with_file("/nonexistent/list"), lip::cli::DataError);
    for (const char* bad : {"two words\n", "!\n", "waytoolongforanabbreviationtobe\n"}) {
        const ListFile file(bad);
        CHECK_THROWS_AS(text::Abbreviations::with_file(file.path()), lip::cli::DataError);
    }
    const ListFile folder("");
    CHECK_THROWS_AS(text::Abbreviations::with_file(folder.path().parent_path()),
                    lip::cli::DataError);
}
