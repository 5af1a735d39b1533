#pragma once

// The commit of llama.cpp that this program was compiled from.
const char * upstream_commit();
