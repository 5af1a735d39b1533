#include "upstream/page-assets.h"

#include "base/text.h"
#include "upstream/hooks.h"

static const std::string page_folder     = "page/";
static const std::string compressed_ends = ".gz";

static std::string media_type(const std::string & name) {
    static const std::pair<const char *, const char *> types[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".json", "application/json; charset=utf-8" },
        { ".mjs", "text/javascript; charset=utf-8" },
        { ".png", "image/png" },
        { ".svg", "image/svg+xml" },
        { ".txt", "text/plain; charset=utf-8" },
        { ".wasm", "application/wasm" },
        { ".webmanifest", "application/manifest+json" },
        { ".woff2", "font/woff2" },
    };
    for (const auto & [suffix, type] : types) {
        if (ends_with(name, suffix)) {
            return type;
        }
    }
    return "application/octet-stream";
}

result<size_t> page_files::read(const artifact & source) {
    for (const auto & range : source.contents.files) {
        if (range.name.rfind(page_folder, 0) != 0) {
            continue;
        }
        auto bytes = read_range(range);
        if (!bytes) {
            return failure{ bytes.message() };
        }
        contents_.push_back(std::move(bytes.value()));
        const auto & stored = contents_.back();
        auto         name   = range.name.substr(page_folder.size());
        if (ends_with(name, compressed_ends)) {
            name.erase(name.size() - compressed_ends.size());
            compressed_.insert(name);
        }
        assets_.push_back({ name, reinterpret_cast<const unsigned char *>(stored.data()), stored.size(),
                            "\"" + to_hex(range.sha256).substr(0, 16) + "\"", media_type(name) });
    }
    return assets_.size();
}

const llama_ui_asset * page_files::find(const std::string & name) const {
    for (const auto & asset : assets_) {
        if (asset.name == name) {
            return &asset;
        }
    }
    return nullptr;
}

std::string page_files::policy() const {
    const auto * asset = find("policy.txt");
    return asset ? std::string(reinterpret_cast<const char *>(asset->data), asset->size) : "";
}

const llama_ui_asset * llama_ui_find_asset(const std::string & name) {
    return mkexe::current().page().find(name);
}

// llama.cpp has one switch for all files. Here each file has its own (mkexe::hooks::set_encoding).
bool llama_ui_use_gzip() {
    return false;
}

const std::vector<llama_ui_asset> & llama_ui_get_assets() {
    return mkexe::current().page().assets();
}
