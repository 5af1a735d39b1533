#include "upstream/page-assets.h"

#include "base/text.h"
#include "ui/ui.h"
#include "upstream-hooks.h"

#include <cpp-httplib/httplib.h>

#include <deque>
#include <set>

static const std::string page_folder     = "page/";
static const std::string compressed_ends = ".gz";

static std::set<std::string> compressed;  // names of the assets that are stored as gzip

static std::deque<std::string>     contents;  // a deque: the assets point into it
static std::vector<llama_ui_asset> assets;

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

result<size_t> serve_page(const artifact & source) {
    for (const auto & range : source.contents.files) {
        if (range.name.rfind(page_folder, 0) != 0) {
            continue;
        }
        auto bytes = read_range(range);
        if (!bytes) {
            return failure{ bytes.message() };
        }
        contents.push_back(std::move(bytes.value()));
        const auto & stored = contents.back();
        auto         name   = range.name.substr(page_folder.size());
        if (ends_with(name, compressed_ends)) {
            name.erase(name.size() - compressed_ends.size());
            compressed.insert(name);
        }
        assets.push_back({ name, reinterpret_cast<const unsigned char *>(stored.data()), stored.size(),
                           "\"" + to_hex(range.sha256).substr(0, 16) + "\"", media_type(name) });
    }
    return assets.size();
}

const llama_ui_asset * llama_ui_find_asset(const std::string & name) {
    for (const auto & asset : assets) {
        if (asset.name == name) {
            return &asset;
        }
    }
    return nullptr;
}

void mkexe::set_encoding(const llama_ui_asset & asset, httplib::Response & response) {
    if (compressed.count(asset.name)) {
        response.set_header("Content-Encoding", "gzip");
    }
}

// Upstream's switch is for all files at once; here each has its own (set_encoding).
bool llama_ui_use_gzip() {
    return false;
}

const std::vector<llama_ui_asset> & llama_ui_get_assets() {
    return assets;
}

std::string page_policy() {
    const auto * asset = llama_ui_find_asset("policy.txt");
    return asset ? std::string(reinterpret_cast<const char *>(asset->data), asset->size) : "";
}
