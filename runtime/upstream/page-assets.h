#pragma once

// The web page for llama.cpp's server. This library replaces llama-ui. It gets the files from mkexe::current().page().

#include "artifact/artifact.h"
#include "base/result.h"
#include "upstream/page/ui.h"

#include <cstddef>
#include <deque>
#include <set>

class page_files {
  public:
    page_files()                               = default;
    page_files(const page_files &)             = delete;
    page_files & operator=(const page_files &) = delete;

    // Reads the entries of the artifact under page/. Returns how many there are.
    result<size_t> read(const artifact & source);

    const std::vector<llama_ui_asset> & assets() const { return assets_; }

    // Null if no file has this name.
    const llama_ui_asset * find(const std::string & name) const;

    bool is_compressed(const std::string & name) const { return compressed_.count(name) > 0; }

    // The page's Content-Security-Policy (page/policy.txt), for every response: a <meta> in index.html does not apply
    // to workers. Empty if the page has no policy.
    std::string policy() const;

  private:
    std::set<std::string>       compressed_;  // names of the assets that are stored as gzip
    std::deque<std::string>     contents_;    // a deque, because the assets point to its elements
    std::vector<llama_ui_asset> assets_;
};
