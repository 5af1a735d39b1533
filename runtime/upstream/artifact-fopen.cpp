#include "upstream/artifact-fopen.h"

#include "platform/system.h"

#include <cerrno>
#include <cstring>

// The loader reads GGUF metadata from the current position of the stream, and computes absolute offsets from that
// position. Then it maps the file. Nothing is copied.
std::FILE * artifact_hooks::open_entry(const std::string & name) const {
    const stored_range * range = find_entry(source_, name);
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

std::string artifact_hooks::file_of(const std::string & path) const {
    if (path.rfind(artifact_path_prefix, 0) != 0) {
        return path;
    }
    const stored_range * range = find_entry(source_, path.substr(std::strlen(artifact_path_prefix)));
    return range ? range->path : path;
}

// the definition in llama.cpp, compiled under this name (upstream.cmake)
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
    return mkexe::current().open_entry(path + prefix);
}
