// Space for the superblock of the layout native (docs/FORMAT.md, "Head"). It is an ELF note, because linkers put notes
// directly after the program headers, so in the first 4096 bytes of the file. ELF specification, "Note Section".

#include "artifact/superblock.h"

namespace {

struct superblock_note {
    uint32_t name_size;
    uint32_t superblock_size;
    uint32_t type;
    char     name[20];  // so long that the superblock starts at a multiple of 16
    uint8_t  superblock[::superblock_size];
};

static_assert(offsetof(superblock_note, superblock) % superblock_alignment == 0);

}  // namespace

extern "C" __attribute__((used, aligned(superblock_alignment), section(".note.mkexe")))
const superblock_note mkexe_superblock_note = { sizeof("mkexe superblock"),
                                                superblock_size,
                                                1,
                                                "mkexe superblock",
                                                {} };
