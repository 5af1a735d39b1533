#pragma once

// A secret by which the pages of one user recognise each other, on every port. It stays between starts, and only
// programs of this user tell it to their page (docs/http-api.md, page_key).

#include <string>

// 32 hexadecimal digits. The first call makes them. Empty if they cannot be stored safely.
std::string page_key();
