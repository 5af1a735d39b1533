#include "backends/cpu-registers.h"

#include <cpuid.h>

#include <cstdint>

#ifdef __APPLE__
#    include <sys/sysctl.h>
#endif

// Intel SDM volume 1, 13.2 and 13.3: CPUID.1:ECX.OSXSAVE, and the state components in XCR0
constexpr uint32_t osxsave           = 1u << 27;
constexpr uint64_t avx_components    = 0x06;                   // SSE, AVX
constexpr uint64_t avx512_components = avx_components | 0xe0;  // opmask, upper halves, upper 16 registers

static uint64_t enabled_components() {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & osxsave)) {
        return 0;
    }
    uint32_t low = 0, high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return uint64_t(high) << 32 | low;
}

static bool keeps_avx512() {
#ifdef __APPLE__
    // macOS enables the components when a thread first uses them, so XCR0 does not show them (xnu, osfmk/i386/fpu.c)
    int    present = 0;
    size_t size    = sizeof(present);
    return sysctlbyname("hw.optional.avx512f", &present, &size, nullptr, 0) == 0 && present != 0;
#else
    return (enabled_components() & avx512_components) == avx512_components;
#endif
}

bool system_keeps_registers(const std::string & features) {
    if (features.find("AVX512") != std::string::npos) {
        return keeps_avx512();
    }
    return features.find("AVX") == std::string::npos || (enabled_components() & avx_components) == avx_components;
}
