#pragma once

#include <string>

// Whether the system keeps the registers of these features (upstream's names, with spaces between) when it switches
// between threads: without that, a processor's instructions cannot be used. Defined in cpu-registers-x86.cpp and
// cpu-registers-arm.cpp.
bool system_keeps_registers(const std::string & features);
