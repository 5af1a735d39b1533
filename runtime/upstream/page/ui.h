#pragma once

// Replaces the header that llama.cpp's tools/ui generates (tools/ui/ui.h.in). It has the same names. But the assets
// come from the artifact at run time, so the compiler does not know their number.

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
