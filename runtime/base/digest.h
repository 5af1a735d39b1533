#pragma once

// SHA-256 (FIPS 180-4), with the implementation that llama.cpp includes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

using sha256_digest = std::array<uint8_t, 32>;

class sha256_hasher {
  public:
    sha256_hasher();
    ~sha256_hasher();
    void          update(const void * data, size_t size);
    sha256_digest finish();

  private:
    struct state;
    std::unique_ptr<state> state_;
};

sha256_digest sha256(const void * data, size_t size);

// 64 lower-case hexadecimal digits
std::string to_hex(const sha256_digest & digest);
