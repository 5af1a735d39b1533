#include "platform/system.h"

#include <cerrno>
#include <limits>
#include <random>
#include <system_error>

// Stands in for libc++'s std::random_device, which opens /dev/urandom and throws where there is none, as in an empty
// root; upstream and httplib take their seeds from it and catch nothing. The linker finds these first, so it leaves
// libc++'s object file out. They ask the kernel, which needs no file: getrandom(2), Linux 3.17.

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
