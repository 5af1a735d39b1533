#include "platform/system.h"

#include <cerrno>
#include <limits>
#include <random>
#include <system_error>

// Replaces std::random_device of libc++, which opens /dev/urandom and throws if that is missing, for example in an
// empty root. llama.cpp and httplib take seeds from it and catch nothing. The linker finds these functions first, so it
// leaves out the object file of libc++. They use getrandom(2), which needs no file (Linux 3.17).

std::random_device::random_device(const std::string &) : __f_(-1) {}

std::random_device::~random_device() = default;

unsigned std::random_device::operator()() {
    unsigned number;
    if (!fill_with_random(reinterpret_cast<unsigned char *>(&number), sizeof(number))) {
        throw std::system_error(errno, std::generic_category(), "the system has no random numbers");
    }
    return number;
}

double std::random_device::entropy() const noexcept {
    return std::numeric_limits<unsigned>::digits;
}
