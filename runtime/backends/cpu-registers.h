#pragma once

#include <string>

// Whether the system saves the registers of these features (llama.cpp's names, with spaces between them) when it
// switches threads. Without that, a program cannot use the instructions. Defined in cpu-registers-x86.cpp and
// cpu-registers-arm.cpp.
bool system_keeps_registers(const std::string & features);
