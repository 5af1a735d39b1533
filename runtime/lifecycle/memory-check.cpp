#include "lifecycle/memory-check.h"

#include "base/text.h"
#include "platform/machine.h"

// Windows' memory and Linux' page cache hold a mapped file as long as there is room; without, every token reads the disk.
std::string find_weights_problem(const artifact & source) {
    const auto     machine = read_machine();
    const uint64_t needed  = weight_bytes(source.contents);
    if (machine.memory == 0 || needed <= machine.memory) {
        return "";
    }
    return "This model needs more than " + gigabytes(double(needed)) + " of memory, and this program may use " +
           gigabytes(double(machine.memory)) +
           " here.\nUse a computer with more memory, or a smaller model; --no-memory-check tries all the same, slowly.";
}

std::string context_problem(int tokens, uint64_t needed, uint64_t memory_free) {
    return "A chat of " + std::to_string(tokens) + " tokens needs " + gigabytes(double(needed)) + " of memory, and " +
           gigabytes(double(memory_free)) +
           " are free.\nGive a smaller --ctx-size, or none: then as many are taken as there is room for. "
           "--no-memory-check tries all the same.";
}
