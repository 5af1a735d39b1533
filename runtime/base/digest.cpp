#include "base/digest.h"

extern "C" {
#include "hash/sha256/sha256.h"
}

struct sha256_hasher::state {
    sha256_t sha256;
};

sha256_hasher::sha256_hasher() : state_(new state) {
    sha256_init(&state_->sha256);
}

sha256_hasher::~sha256_hasher() = default;

void sha256_hasher::update(const void * data, size_t size) {
    sha256_update(&state_->sha256, static_cast<const unsigned char *>(data), size);
}

sha256_digest sha256_hasher::finish() {
    sha256_digest digest;
    sha256_final(&state_->sha256, digest.data());
    return digest;
}

sha256_digest sha256(const void * data, size_t size) {
    sha256_hasher hasher;
    hasher.update(data, size);
    return hasher.finish();
}

std::string to_hex(const sha256_digest & digest) {
    static const char digits[] = "0123456789abcdef";
    std::string       text;
    for (const uint8_t byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}
