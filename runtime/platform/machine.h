#pragma once

// The processors and the memory that this program can use. Definitions in machine-linux.cpp, machine-macos.cpp and
// machine-win32.cpp.

#include <cstdint>
#include <string>

struct machine_facts {
    std::string processor;        // the system's name for it; empty if there is none
    int         logical     = 1;  // processors that this program may run on
    int         cores       = 1;  // physical cores among them; hyper-threads share one
    int         fast_cores  = 1;  // the fast ones of these, if the processor has two kinds
    double      quota       = 0;  // the processors whose time a control group allows; 0: no limit
    uint64_t    memory      = 0;  // bytes; the limit of the control group if that is lower; 0: unknown
    uint64_t    memory_free = 0;  // bytes that are available without swapping; 0: unknown
};

machine_facts read_machine();

// The number of threads without --threads: one for each fast core, but not more than the quota allows.
int default_threads(const machine_facts & machine);
