#include "base/digest.h"

#include <doctest.h>

static std::string hex_of(const std::string & text) {
    return to_hex(sha256(text.data(), text.size()));
}

// NIST's example values for FIPS 180-4
TEST_CASE("SHA-256 gives the standard's values") {
    CHECK(hex_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hex_of(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 of parts is that of the whole") {
    const std::string text(1000, 'x');
    for (const size_t first : { 0, 1, 55, 56, 63, 64, 65, 999, 1000 }) {
        CAPTURE(first);
        sha256_hasher hasher;
        hasher.update(text.data(), first);
        hasher.update(text.data() + first, text.size() - first);
        CHECK(to_hex(hasher.finish()) == hex_of(text));
    }
}
