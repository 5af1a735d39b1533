#include "platform/machine.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

static std::string first_line(const std::string & path) {
    std::ifstream stream(path);
    std::string   line;
    std::getline(stream, line);
    return line;
}

// 0 if there is no number, or a negative one, which means "no limit" in control groups.
static uint64_t number_in(const std::string & path) {
    std::istringstream stream(first_line(path));
    int64_t            number = 0;
    stream >> number;
    return number > 0 ? uint64_t(number) : 0;
}

static std::vector<int> usable_processors() {
    // the most that Linux can be built for (CONFIG_NR_CPUS); Linux refuses a set that is too small for the machine
    constexpr int    most = 8192;
    std::vector<int> processors;
    cpu_set_t *      set  = CPU_ALLOC(most);
    const size_t     size = CPU_ALLOC_SIZE(most);
    if (set && sched_getaffinity(0, size, set) == 0) {
        for (int i = 0; i < most; i++) {
            if (CPU_ISSET_S(i, size, set)) {
                processors.push_back(i);
            }
        }
    }
    CPU_FREE(set);
    return processors;
}

// a list of processors as Linux writes it: "0-5,12"
static std::set<int> parse_list(const std::string & text) {
    std::set<int>      found;
    std::istringstream stream(text);
    std::string        range;
    while (std::getline(stream, range, ',')) {
        int first = 0, last = 0;
        if (std::sscanf(range.c_str(), "%d-%d", &first, &last) < 2) {
            last = first;
        }
        for (int i = first; i <= last && !range.empty(); i++) {
            found.insert(i);
        }
    }
    return found;
}

// One processor of each core.
static std::vector<int> one_per_core(const std::vector<int> & processors) {
    std::set<std::string> seen;
    std::vector<int>      cores;
    for (const int i : processors) {
        const auto siblings =
            first_line("/sys/devices/system/cpu/cpu" + std::to_string(i) + "/topology/thread_siblings_list");
        if (siblings.empty() || seen.insert(siblings).second) {
            cores.push_back(i);
        }
    }
    return cores;
}

// For Intel, Linux lists the fast cores. For Arm, every processor has a capacity; below half of the highest it is a
// slow core.
static int count_fast(const std::vector<int> & cores) {
    const auto performance = parse_list(first_line("/sys/devices/cpu_core/cpus"));
    uint64_t   highest     = 0;
    for (const int i : cores) {
        highest = std::max(highest, number_in("/sys/devices/system/cpu/cpu" + std::to_string(i) + "/cpu_capacity"));
    }
    const int fast = int(std::count_if(cores.begin(), cores.end(), [&](int i) {
        const auto capacity = number_in("/sys/devices/system/cpu/cpu" + std::to_string(i) + "/cpu_capacity");
        return (performance.empty() || performance.count(i)) && capacity * 2 >= highest;
    }));
    return fast > 0 ? fast : int(cores.size());
}

// The folders of this process's control group and of the groups above it, the innermost first (cgroups(7)). Version 2
// has one tree, "0::/path". Version 1 has one for each controller, "4:cpu,cpuacct:/path".
static std::vector<std::string> group_folders(const std::string & controller) {
    std::ifstream            stream("/proc/self/cgroup");
    std::vector<std::string> folders;
    for (std::string line; std::getline(stream, line);) {
        const auto        names = line.find(':') + 1;
        const auto        path  = line.find(':', names) + 1;
        const std::string among = ',' + line.substr(names, path - names - 1) + ',';
        std::string       base  = "/sys/fs/cgroup";
        if (among.find(',' + controller + ',') != std::string::npos) {
            base += '/' + controller;
        } else if (among != ",,") {
            continue;
        }
        for (std::string group = line.substr(path); group.size() > 1; group.erase(group.find_last_of('/'))) {
            folders.push_back(base + group);
        }
        folders.push_back(base);
    }
    return folders;
}

static double lower_limit(double limit, double other) {
    return limit > 0 && (other <= 0 || limit < other) ? limit : other;
}

static double read_quota() {
    double quota = 0;
    for (const auto & folder : group_folders("cpu")) {
        double share = 0, period = 0;
        if (std::sscanf(first_line(folder + "/cpu.max").c_str(), "%lf %lf", &share, &period) < 2) {
            share  = double(number_in(folder + "/cpu.cfs_quota_us"));  // -1, which becomes 0: no limit
            period = double(number_in(folder + "/cpu.cfs_period_us"));
        }
        quota = period > 0 ? lower_limit(share / period, quota) : quota;
    }
    return quota;
}

// The pages of files in the memory of a group. The group counts them, but the kernel drops them when it needs memory.
static uint64_t file_pages(const std::string & folder) {
    std::ifstream stream(folder + "/memory.stat");
    std::string   name;
    uint64_t      bytes = 0, number = 0;
    while (stream >> name >> number) {
        const bool counts = name == "inactive_file" || name == "active_file";
        bytes += counts ? number : 0;
    }
    return bytes;
}

static void read_memory(machine_facts & facts) {
    std::ifstream stream("/proc/meminfo");
    for (std::string line; std::getline(stream, line);) {
        unsigned long long kib = 0;
        if (std::sscanf(line.c_str(), "MemTotal: %llu", &kib) == 1) {
            facts.memory = kib * 1024;
        } else if (std::sscanf(line.c_str(), "MemAvailable: %llu", &kib) == 1) {
            facts.memory_free = kib * 1024;
        }
    }
    for (const auto & folder : group_folders("memory")) {
        // "max", which becomes 0: no limit; version 1 has a number larger than any memory
        const uint64_t limit = number_in(folder + "/memory.max") + number_in(folder + "/memory.limit_in_bytes");
        if (limit > 0 && limit < facts.memory) {
            const uint64_t held = number_in(folder + "/memory.current") + number_in(folder + "/memory.usage_in_bytes");
            const uint64_t used = held - std::min(held, file_pages(folder));
            facts.memory        = limit;
            facts.memory_free   = std::min(facts.memory_free, limit > used ? limit - used : 0);
        }
    }
}

static std::string read_processor() {
    std::ifstream stream("/proc/cpuinfo");
    for (std::string line; std::getline(stream, line);) {
        const auto colon = line.find(": ");
        if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return "";
}

machine_facts read_machine() {
    machine_facts facts;
    const auto    processors = usable_processors();
    const auto    cores      = one_per_core(processors);
    facts.processor          = read_processor();
    facts.logical            = std::max(1, int(processors.size()));
    facts.cores              = std::max(1, int(cores.size()));
    facts.fast_cores         = std::max(1, count_fast(cores));
    facts.quota              = read_quota();
    read_memory(facts);
    return facts;
}
