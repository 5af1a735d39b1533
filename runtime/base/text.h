#pragma once

// Small functions for texts.

#include <string>
#include <vector>

// "1.5"
std::string one_decimal(double number);

// megabytes: "3.1 MB", with `digits` after the point. gigabytes: "12.4 GB". readable_size: the first below 1 GB, else
// the second.
std::string megabytes(double bytes, int digits = 1);
std::string gigabytes(double bytes);
std::string readable_size(double bytes, int digits = 1);

// `text` with a to z instead of A to Z.
std::string lower_case(std::string text);

// Whether this is a whole number from 0 to `most`. `most` has at most five digits.
bool is_number_to(const std::string & text, int most);

// Whether `text` is longer than `ending` and ends in it.
bool ends_with(const std::string & text, const std::string & ending);

// Whether `list` has `item`.
bool contains(const std::vector<std::string> & list, const std::string & item);
