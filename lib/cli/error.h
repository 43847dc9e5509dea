// The two ways a run ends early, and the value that says why one record was refused.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace lip::cli {

// Exit codes of every tool (lip(7), EXIT STATUS). 1 beats 4 beats 3.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kSkipped = 3, kStopped = 4 };

// Wrong command line, environment or configuration file: exit 2, nothing was written.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Input, output, data or numbers failed: exit 1. The message names file, place, key and remedy.
class DataError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The reader of our standard output has enough (EPIPE): stop at once, silently, exit 0.
class ReaderGone : public std::exception {};

// A stop signal came while a tool that can go on later waited for input.
class Stopped : public std::exception {};

// Why one record among many cannot be used. `word` is one of the stable words of lip(7):
// bad-json bad-row bad-record bad-version too-large no-image bad-image bad-region bad-mask
// bad-embedding unknown-label duplicate-key.
struct Reject {
    std::string_view word;  // a string literal
    std::string message;    // what was found and what to do
    std::string key = {};   // of the record, where it is known only from what was refused
};

// Either a value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::move(value)) {}
    Result(Reject reject) : state_(std::move(reject)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T& operator*() { return std::get<0>(state_); }
    const T& operator*() const { return std::get<0>(state_); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    const Reject& reject() const { return std::get<1>(state_); }

private:
    std::variant<T, Reject> state_;
};

}  // namespace lip::cli
