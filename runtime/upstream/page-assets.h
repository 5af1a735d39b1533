#pragma once

// The web page, for upstream's server: its library llama-ui is replaced by this one, which asks mkexe::current().page().

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

    // Reads the artifact's entries under page/; returns their number.
    result<size_t> read(const artifact & source);

    const std::vector<llama_ui_asset> & assets() const { return assets_; }

    // Null where there is none of that name.
    const llama_ui_asset * find(const std::string & name) const;

    bool is_compressed(const std::string & name) const { return compressed_.count(name) > 0; }

    // The page's Content-Security-Policy (page/policy.txt), to be sent with every response: the <meta> of index.html does
    // not hold for workers. Empty where the page has none.
    std::string policy() const;

  private:
    std::set<std::string>       compressed_;  // names of the assets that are stored as gzip
    std::deque<std::string>     contents_;    // a deque: the assets point into it
    std::vector<llama_ui_asset> assets_;
};
