#include "platform/machine.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <algorithm>
#include <map>
#include <vector>

static std::string read_processor() {
    char  name[256] = {};
    DWORD size      = sizeof(name) - 1;
    RegGetValueA(HKEY_LOCAL_MACHINE, "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0", "ProcessorNameString",
                 RRF_RT_REG_SZ, nullptr, name, &size);
    return name;
}

// Cores by efficiency class: the higher the class, the faster the core.
static std::map<int, int> cores_by_class(DWORD_PTR allowed) {
    DWORD size = 0;
    GetLogicalProcessorInformationEx(RelationProcessorCore, nullptr, &size);
    std::vector<char>  buffer(size);
    std::map<int, int> cores;
    auto *             records = reinterpret_cast<PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>(buffer.data());
    if (size == 0 || !GetLogicalProcessorInformationEx(RelationProcessorCore, records, &size)) {
        return cores;
    }
    for (DWORD at = 0; at < size;) {
        const auto * record = reinterpret_cast<PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>(buffer.data() + at);
        const auto & group  = record->Processor.GroupMask[0];
        if (group.Group != 0 || (group.Mask & allowed)) {  // the affinity mask covers only one group
            cores[record->Processor.EfficiencyClass]++;
        }
        at += record->Size;
    }
    return cores;
}

machine_facts read_machine() {
    machine_facts facts;
    DWORD_PTR     allowed = ~DWORD_PTR(0), present = 0;
    GetProcessAffinityMask(GetCurrentProcess(), &allowed, &present);
    if (allowed == 0) {  // there are several processor groups
        allowed = ~DWORD_PTR(0);
    }
    facts.processor  = read_processor();
    const auto cores = cores_by_class(allowed);
    const int  count = int(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS));
    facts.logical    = std::max(1, allowed == present || present == 0 ? count : __builtin_popcountll(allowed));
    facts.cores      = 0;
    for (const auto & [efficiency, number] : cores) {
        facts.cores += number;
    }
    facts.cores           = facts.cores > 0 ? facts.cores : facts.logical;
    facts.fast_cores      = cores.empty() ? facts.cores : cores.rbegin()->second;
    MEMORYSTATUSEX memory = {};
    memory.dwLength       = sizeof(memory);
    if (GlobalMemoryStatusEx(&memory)) {
        facts.memory      = memory.ullTotalPhys;
        facts.memory_free = memory.ullAvailPhys;
    }
    return facts;
}
