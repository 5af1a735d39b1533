#pragma once

// Converts between UTF-8, which this program uses, and UTF-16, which Windows uses. Defined in system-win32.cpp.

#include <string>

std::string  to_utf8(const wchar_t * text);
std::wstring to_wide(const std::string & text);
