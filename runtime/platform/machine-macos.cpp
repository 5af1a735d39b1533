#include "platform/machine.h"

#include <mach/mach.h>
#include <sys/sysctl.h>

#include <algorithm>

static uint64_t number_of(const char * name) {
    uint64_t number = 0;  // sysctl writes 4 or 8 bytes, little-endian
    size_t   size   = sizeof(number);
    return sysctlbyname(name, &number, &size, nullptr, 0) == 0 ? number : 0;
}

static std::string text_of(const char * name) {
    char   text[256] = {};
    size_t size      = sizeof(text) - 1;
    return sysctlbyname(name, text, &size, nullptr, 0) == 0 ? text : "";
}

static uint64_t read_free_memory() {
    vm_statistics64_data_t status;
    mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
    if (host_statistics64(mach_host_self(), HOST_VM_INFO64, host_info64_t(&status), &count) != KERN_SUCCESS) {
        return 0;
    }
    return (uint64_t(status.free_count) + status.inactive_count) * number_of("hw.pagesize");
}

machine_facts read_machine() {
    machine_facts facts;
    facts.processor   = text_of("machdep.cpu.brand_string");
    facts.logical     = std::max<int>(1, int(number_of("hw.logicalcpu")));
    facts.cores       = std::max<int>(1, int(number_of("hw.physicalcpu")));
    facts.fast_cores  = int(number_of("hw.perflevel0.physicalcpu"));  // on Apple silicon only
    facts.fast_cores  = facts.fast_cores > 0 ? facts.fast_cores : facts.cores;
    facts.memory      = number_of("hw.memsize");
    facts.memory_free = read_free_memory();
    return facts;
}
