#pragma once

// The commit of llama.cpp that this program is made of.
const char * upstream_commit();
