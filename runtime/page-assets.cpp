#include "page-assets.h"

#include "ui/ui.h"

#include <deque>

static const std::string page_folder = "page/";

static std::deque<std::string>     contents;  // a deque: the assets point into it
static std::vector<llama_ui_asset> assets;

static std::string media_type(const std::string & name) {
    static const std::pair<const char *, const char *> types[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".json", "application/json; charset=utf-8" },
        { ".svg", "image/svg+xml" },
        { ".txt", "text/plain; charset=utf-8" },
        { ".woff2", "font/woff2" },
    };
    for (const auto & [suffix, type] : types) {
        const std::string ending = suffix;
        if (name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0) {
            return type;
        }
    }
    return "application/octet-stream";
}

outcome<size_t> serve_page(const artifact & source) {
    for (const auto & range : source.contents.files) {
        if (range.name.rfind(page_folder, 0) != 0) {
            continue;
        }
        auto bytes = read_range(source, range);
        if (!bytes) {
            return failure{ bytes.message() };
        }
        contents.push_back(std::move(bytes.value()));
        const auto & stored = contents.back();
        assets.push_back({ range.name.substr(page_folder.size()),
                           reinterpret_cast<const unsigned char *>(stored.data()), stored.size(),
                           "\"" + to_hex(range.sha256).substr(0, 16) + "\"", media_type(range.name) });
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

bool llama_ui_use_gzip() {
    return false;
}

const std::vector<llama_ui_asset> & llama_ui_get_assets() {
    return assets;
}
