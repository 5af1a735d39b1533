#include "upstream/artifact-fopen.h"

#include "platform/system.h"
#include "upstream-hooks.h"

#include <cerrno>
#include <cstring>

static const artifact * embedded = nullptr;

void serve_embedded_files(const artifact & source) {
    embedded = &source;
}

// A stream on the file that holds the entry, at its first byte: the loader reads GGUF metadata from there, takes the
// absolute offsets that the position gives, and maps that file. Nothing is copied.
static std::FILE * open_entry(const std::string & name) {
    const stored_range * range = embedded ? find_entry(*embedded, name) : nullptr;
    if (!range) {
        errno = ENOENT;
        return nullptr;
    }
    std::FILE * file = open_for_reading(range->path);
    if (file && !seek_to(file, range->offset)) {
        std::fclose(file);
        return nullptr;
    }
    return file;
}

std::string mkexe::file_of(const std::string & path) {
    if (path.rfind(artifact_path_prefix, 0) != 0) {
        return path;
    }
    const stored_range * range =
        embedded ? find_entry(*embedded, path.substr(std::strlen(artifact_path_prefix))) : nullptr;
    return range ? range->path : path;
}

// upstream's definition, compiled under this name (upstream.cmake)
extern "C" std::FILE * ggml_fopen_default(const char * path, const char * mode);

extern "C" std::FILE * ggml_fopen(const char * path, const char * mode) {
    const size_t prefix = std::strlen(artifact_path_prefix);
    if (std::strncmp(path, artifact_path_prefix, prefix) != 0) {
        return ggml_fopen_default(path, mode);
    }
    if (mode[0] != 'r') {
        errno = EROFS;
        return nullptr;
    }
    return open_entry(path + prefix);
}
