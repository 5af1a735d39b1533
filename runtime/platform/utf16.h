#pragma once

// UTF-8, as this program keeps text, and UTF-16, as Windows wants it. Defined in system-win32.cpp.

#include <string>

std::string  to_utf8(const wchar_t * text);
std::wstring to_wide(const std::string & text);
