#include "upstream/version.h"

#include "build-info.h"

const char * upstream_commit() {
    return llama_commit();
}
