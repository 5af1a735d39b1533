// e^x for floats, on the targets whose C library zig provides (all but macOS). zig's own expf takes three times as
// long. It took a tenth of the time to generate a token, because upstream's flash attention calls it for each head and
// each cell of the context.
//
// e^x = 2^(k/32) * 2^(r/32), where k is the integer nearest to 32 x / ln 2, and |r| <= 1/2. The first factor comes from
// a table, the second from the first terms of its Taylor series, with a relative error of 6e-10. It computes in doubles
// and rounds once, so the error is at most 0.51 units in the last place (tests/cpp/kernels/test-expf.cpp).
#include <math.h>
#include <stdint.h>
#include <string.h>

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// C23, 7.12.6.1. Like the function of musl, it does not set errno.
float expf(float x) {
    // clang-format off
    static const double powers[32] = {  // 2^(i/32)
        0x1p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0,
        0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0,
        0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
        0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0, 0x1.6247eb03a5585p+0,
        0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
        0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
        0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0,
        0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0, 0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0,
    };
    // clang-format on
    if (!(x >= -104.0f && x <= 89.0f)) {
        // the result is less than half of the smallest float, more than the largest float, or NaN
        return x < 0 ? 0.0f : x > 0 ? HUGE_VALF : x;
    }
    const double   scaled  = x * 0x1.71547652b82fep+5;  // 32 / ln 2
    // a double of this size has no fraction bits, so adding it rounds, and the lowest bits are the integer
    const double   shift   = 0x1.8p52;
    const double   shifted = scaled + shift;
    const uint64_t k       = bits_of(shifted);
    const double   r       = scaled - (shifted - shift);
    // the coefficients of the Taylor series are (ln 2 / 32)^n / n!
    const double   rest    = 1.0 + r * (0x1.62e42fefa39efp-6 + r * (0x1.ebfbdff82c58ep-13 + r * 0x1.c6b08d704a0bfp-20));
    // adds k / 32 to the exponent; the shift discards the bits above it
    const uint64_t bits    = bits_of(powers[k % 32]) + (k / 32 << 52);
    double         power;
    memcpy(&power, &bits, sizeof power);
    return (float) (power * rest);
}
