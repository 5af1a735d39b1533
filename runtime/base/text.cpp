#include "base/text.h"

#include <algorithm>
#include <cstdio>

static std::string decimal(double number, int digits) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.*f", digits, number);
    return text;
}

std::string one_decimal(double number) {
    return decimal(number, 1);
}

std::string megabytes(double bytes, int digits) {
    return decimal(bytes / 1e6, digits) + " MB";
}

std::string gigabytes(double bytes) {
    return one_decimal(bytes / 1e9) + " GB";
}

std::string readable_size(double bytes, int digits) {
    return bytes < 1e9 ? megabytes(bytes, digits) : gigabytes(bytes);
}

std::string lower_case(std::string text) {
    for (char & letter : text) {
        letter = letter >= 'A' && letter <= 'Z' ? char(letter + ('a' - 'A')) : letter;
    }
    return text;
}

bool is_number_to(const std::string & text, int most) {
    const bool digits = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
    return digits && std::stoi(text) <= most;
}

bool ends_with(const std::string & text, const std::string & ending) {
    return text.size() > ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

bool contains(const std::vector<std::string> & list, const std::string & item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}
