#include "eval/confusion.h"

#include "cli/error.h"
#include "eval/classification.h"
#include "record/file.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

namespace lip::eval {

TEST_CASE("the answer is the best class; a tie with the truth is lost to the first other") {
    const std::vector<float> scores = {0.1F, 0.7F, 0.7F, 0.3F};
    CHECK(predicted_class(scores, 0) == 1);
    CHECK(predicted_class(scores, 1) == 2);
    CHECK(predicted_class(scores, 2) == 1);
    const std::vector<float> equal(3, 0.5F);
    CHECK(predicted_class(equal, 0) == 1);
    CHECK(predicted_class(equal, 2) == 0);
    CHECK(predicted_class(std::vector<float>{0.5F}, 0) == 0);
    // The diagonal holds what acc1 counts.
    for (const auto& some : {scores, equal, std::vector<float>{0.2F, 0.9F, 0.9F, 1.0F}})
        for (std::int64_t truth = 0; truth < std::ssize(some); ++truth)
            CHECK((predicted_class(some, truth) == truth) == (rank_of(some, truth) == 1));
}

TEST_CASE("a table of counts, in the order of the classes") {
    const shard::TempFolder folder;
    const std::string path = (folder / "table.csv").string();
    Confusion confusion;
    confusion.add(2, 0);
    confusion.add(0, 0);
    confusion.add(0, 2);
    confusion.add(0, 0);
    confusion.write_csv(path, {"cat", "a \"b\", c", "dog"}, false);
    CHECK(record::read_file(path) ==
          "truth,cat,\"a \"\"b\"\", c\",dog\n"
          "cat,2,0,1\n"
          "\"a \"\"b\"\", c\",0,0,0\n"
          "dog,1,0,0\n");
    CHECK_THROWS_AS(confusion.write_csv(path, {"a", "b", "c"}, false), cli::DataError);
}

}  // namespace lip::eval
