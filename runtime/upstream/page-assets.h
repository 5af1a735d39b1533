#pragma once

// The web page, for upstream's server: its library llama-ui is replaced by this one.

#include "artifact/artifact.h"
#include "base/result.h"

#include <cstddef>

// Reads the artifact's entries under page/ and hands them to the server; returns their number.
result<size_t> serve_page(const artifact & source);

// The page's Content-Security-Policy (page/policy.txt), to be sent with every response: the <meta> of index.html does not
// hold for workers. Empty where the page has none.
std::string page_policy();
