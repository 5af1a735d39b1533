#pragma once

// A value, or a sentence that says why there is none. Errors below HTTP are values, not exceptions.

#include <optional>
#include <string>
#include <utility>

struct failure {
    std::string message;
};

template <typename T> class outcome {
  public:
    outcome(T value) : value_(std::move(value)) {}
    outcome(failure error) : message_(std::move(error.message)) {}

    explicit operator bool() const { return value_.has_value(); }

    T &                 value() { return *value_; }
    const T &           value() const { return *value_; }
    const std::string & message() const { return message_; }

  private:
    std::optional<T> value_;
    std::string      message_;
};
