#pragma once

// A value, or a sentence that says why there is none. Errors are values, not exceptions, except in the code that
// answers HTTP.

#include "base/exit-status.h"

#include <optional>
#include <string>
#include <utility>

struct failure {
    std::string message;
    exit_status status = exit_failed;  // exit status of a program that needs the value
};

template <typename T> class result {
  public:
    result(T value) : value_(std::move(value)) {}
    result(failure error) : message_(std::move(error.message)), status_(error.status) {}

    explicit operator bool() const { return value_.has_value(); }

    T &                 value() { return *value_; }
    const T &           value() const { return *value_; }
    const std::string & message() const { return message_; }
    exit_status         status() const { return status_; }

  private:
    std::optional<T> value_;
    std::string      message_;
    exit_status      status_ = exit_good;
};
