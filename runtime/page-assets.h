#pragma once

// The web page, for upstream's server: its library llama-ui is replaced by this one.

#include "artifact.h"
#include "outcome.h"

#include <cstddef>

// Reads the artifact's entries under page/ and hands them to the server; returns their number.
outcome<size_t> serve_page(const artifact & source);
