#pragma once

// Stands in for the header that upstream's tools/ui generates (tools/ui/ui.h.in): the same names, but the assets
// come from the artifact at run time, so their number is not known to the compiler.

#include <cstddef>
#include <string>
#include <vector>

#define LLAMA_UI_HAS_ASSETS 1

struct llama_ui_asset {
    std::string           name;
    const unsigned char * data;
    std::size_t           size;
    std::string           etag;
    std::string           type;
};

const llama_ui_asset *              llama_ui_find_asset(const std::string & name);
bool                                llama_ui_use_gzip();
const std::vector<llama_ui_asset> & llama_ui_get_assets();
