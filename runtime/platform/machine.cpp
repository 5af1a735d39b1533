#include "platform/machine.h"

#include <algorithm>
#include <cmath>

int default_threads(const machine_facts & machine) {
    const int allowed = machine.quota > 0 ? int(std::ceil(machine.quota)) : machine.fast_cores;
    return std::max(1, std::min(machine.fast_cores, allowed));
}
