#pragma once

// What this program may use of the machine it runs on. Definitions in machine-linux.cpp, machine-macos.cpp and
// machine-win32.cpp.

#include <cstdint>
#include <string>

struct machine_facts {
    std::string processor;        // as the system calls it; empty where it does not say
    int         logical     = 1;  // processors that this program may run on
    int         cores       = 1;  // physical cores among them: hyper-threads share one
    int         fast_cores  = 1;  // of these, the fast ones where a processor has two kinds
    double      quota       = 0;  // processor time that a control group allows, in processors; 0: no limit
    uint64_t    memory      = 0;  // bytes, or the control group's limit where that is lower; 0: unknown
    uint64_t    memory_free = 0;  // bytes that can be had without swapping; 0: unknown
};

machine_facts read_machine();

// How many threads compute unless told otherwise: one per fast core, no more than the quota pays for.
int default_threads(const machine_facts & machine);
