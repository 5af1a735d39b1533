#include "lifecycle/memory-check.h"

#include "base/text.h"
#include "platform/machine.h"

// Windows and the page cache of Linux keep a mapped file in memory if it fits. If not, every token reads the disk.
std::string find_weights_problem(const artifact & source) {
    const auto     machine = read_machine();
    const uint64_t needed  = weight_bytes(source.contents);
    if (machine.memory == 0 || needed <= machine.memory) {
        return "";
    }
    return "This model needs more than " + gigabytes(double(needed)) + " of memory, but this program may use only " +
           gigabytes(double(machine.memory)) +
           " here.\nUse a computer with more memory, or a smaller model. With --no-memory-check it starts anyway, but "
           "slowly.";
}

std::string context_problem(int tokens, uint64_t needed, uint64_t memory_free) {
    return "A chat of " + std::to_string(tokens) + " tokens needs " + gigabytes(double(needed)) +
           " of memory, but only " + gigabytes(double(memory_free)) +
           " is free.\nChoose a smaller --ctx-size, or leave it out: the program then chooses one that fits. "
           "With --no-memory-check the program starts anyway.";
}
