#pragma once

// What this user's pages know each other by, at whatever port they are: one secret, kept between starts, that only a
// program of this user tells its page (docs/http-api.md, page_key).

#include <string>

// 32 hexadecimal digits; made where there is none yet. Empty where it cannot be kept.
std::string page_key();
