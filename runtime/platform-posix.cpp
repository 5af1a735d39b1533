#include "platform.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

void prepare_console() {}

std::vector<std::string> utf8_arguments(int argc, char ** argv) {
    return std::vector<std::string>(argv, argv + argc);
}

std::string environment(const char * name) {
    const char * value = std::getenv(name);
    return value ? value : "";
}

std::FILE * open_for_reading(const std::string & path) {
    return std::fopen(path.c_str(), "rbe");
}

bool seek_to(std::FILE * file, uint64_t offset) {
    return fseeko(file, off_t(offset), SEEK_SET) == 0;
}

int64_t size_of(std::FILE * file) {
    struct stat status;
    return fstat(fileno(file), &status) == 0 ? int64_t(status.st_size) : -1;
}
