#include "platform/program-folders.h"

#include <cstdint>

// From libproc.h, which only Xcode has; the function is in libSystem.
extern "C" int proc_listallpids(void * buffer, int size_bytes);
extern "C" int proc_pidpath(int process, void * buffer, uint32_t size_bytes);

static constexpr uint32_t max_path_bytes = 4 * 1024;  // PROC_PIDPATHINFO_MAXSIZE

std::vector<std::string> running_programs() {
    std::vector<int> processes(size_t(proc_listallpids(nullptr, 0) > 0 ? proc_listallpids(nullptr, 0) : 0) + 64);
    const int        count = proc_listallpids(processes.data(), int(processes.size() * sizeof(int)));
    std::vector<std::string> programs;
    for (int i = 0; i < count; i++) {
        char      path[max_path_bytes];
        const int length = proc_pidpath(processes[size_t(i)], path, sizeof(path));
        if (length > 0) {
            programs.emplace_back(path, size_t(length));
        }
    }
    return programs;
}
