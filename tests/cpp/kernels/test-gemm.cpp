// Compares native/cpu/gemm-*.cpp with simple sums: as the level haswell has them, and with emulated AVX-VNNI
// instructions.
#ifdef __x86_64__

#    include "backends/cpu-dispatch.h"

#    define GGML_COMMON_DECL_CPP
#    include "ggml-common.h"
#    include "repack.h"

#    include <doctest.h>

#    include <algorithm>
#    include <cmath>
#    include <cstdint>
#    include <random>
#    include <string>
#    include <vector>

using repacked_gemm = void(int, float *, size_t, const void *, const void *, int, int);
using plain_gemm =
    bool(int64_t, int64_t, int64_t, const void *, int64_t, const void *, int64_t, float *, int64_t, int, int);

repacked_gemm mkexe_gemm_q4_0_8x8__haswell, mkexe_gemm_q4_0_8x8__vnni;
repacked_gemm mkexe_gemm_q4_K_8x8__haswell, mkexe_gemm_q4_K_8x8__vnni;
plain_gemm    mkexe_gemm_q8_0__haswell, mkexe_gemm_q8_0__vnni;

// the functions of llama.cpp, in plain C
extern "C" void          ggml_cpu_init__x64();
extern "C" repacked_gemm ggml_gemm_q4_0_8x8_q8_0_generic__x64, ggml_gemm_q4_K_8x8_q8_K_generic__x64;

namespace {

constexpr int   values  = 5120;         // in a row: more than the kernels take at a time
constexpr int   columns = 24, gap = 3;  // floats that do not belong to the result
constexpr float untouched = -1e30f;

std::mt19937 random_bits(1);

ggml_half random_scale() {
    return ggml_half(0x1c00 + random_bits() % 0x800);  // 2^-8 to 2^-6
}

// Sets the other members of a block whose bytes are set.
void finish(block_q4_0x8 & block) {
    for (auto & scale : block.d) {
        scale = random_scale();
    }
}

void finish(block_q8_0x4 & block) {
    for (auto & scale : block.d) {
        scale = random_scale();
    }
    for (auto & value : block.qs) {
        value = value == -128 ? -127 : value;
    }
}

void finish(block_q8_0 & block) {
    block.d = random_scale();
}

void finish(block_q4_Kx8 & block) {
    for (int i = 0; i < 8; i++) {
        block.d[i]    = random_scale();
        block.dmin[i] = random_scale();
    }
    for (auto & scale : block.scales) {
        scale = random_bits();
    }
}

void finish(block_q8_Kx4 & block) {
    for (int row = 0; row < 4; row++) {
        block.d[row] = float(1 + random_bits() % 100) / 1000;
    }
    for (auto & value : block.qs) {
        value = value == -128 ? -127 : value;
    }
    for (int i = 0; i < 64; i++) {
        block.bsums[i] = 0;
    }
    for (int i = 0; i < 1024; i++) {
        block.bsums[((i & 31) >> 3) * 4 + (i >> 8) * 16 + ((i >> 6) & 3)] += block.qs[i];
    }
}

template <class Block> std::vector<Block> random_blocks(size_t count) {
    std::vector<Block> blocks(count);
    for (auto & block : blocks) {
        for (auto & byte : block.qs) {
            byte = random_bits();
        }
        finish(block);
    }
    return blocks;
}

// Sets one row of each to the extremes of the formats: 16 bits are just enough for the sums.
template <class Weights, class Prompt> void set_extremes(Weights & weights, Prompt & prompt, int value) {
    for (auto & byte : weights.qs) {
        byte = std::is_same_v<Weights, block_q4_0x8> ? 0x77 : 0xff;  // llama.cpp has flipped the highest of four bits
    }
    for (auto & byte : prompt.qs) {
        byte = value;
    }
    finish(prompt);
}

void check_near(const std::vector<float> & found, const std::vector<float> & expected) {
    double error = 0, size = 0;
    for (size_t i = 0; i < found.size(); i++) {
        REQUIRE((found[i] == untouched) == (expected[i] == untouched));
        error += std::pow(double(found[i]) - expected[i], 2);
        size += std::pow(double(expected[i]), 2) * (expected[i] != untouched);
    }
    CHECK(error <= 1e-11 * size);
}

template <class Weights, class Prompt>
void compare_repacked(repacked_gemm & gemm, repacked_gemm & plain, int block_values) {
    const int blocks = values / block_values;
    for (const int rows : { 4, 16, 28 }) {
        CAPTURE(rows);
        auto weights = random_blocks<Weights>(size_t(blocks) * columns / 8);
        auto prompt  = random_blocks<Prompt>(size_t(blocks) * rows / 4);
        for (int b = 0; b < blocks; b++) {
            set_extremes(weights[b], prompt[b], b % 2 ? 127 : -127);
        }
        std::vector<float> found(size_t(rows) * (columns + gap), untouched), expected = found;
        gemm(values, found.data(), columns + gap, weights.data(), prompt.data(), rows, columns);
        plain(values, expected.data(), columns + gap, weights.data(), prompt.data(), rows, columns);
        check_near(found, expected);
    }
}

float product(const block_q8_0 * a, const block_q8_0 * b) {
    double sum = 0;
    for (int l = 0; l < values / QK8_0; l++) {
        int dot = 0;
        for (int i = 0; i < QK8_0; i++) {
            dot += a[l].qs[i] * b[l].qs[i];
        }
        sum += double(dot) * ggml_fp16_to_fp32(a[l].d) * ggml_fp16_to_fp32(b[l].d);
    }
    return float(sum);
}

void compare_plain(plain_gemm & gemm) {
    const int  blocks = values / QK8_0, stride = blocks + 1;
    const auto weights = random_blocks<block_q8_0>(size_t(stride) * columns);
    for (const int rows : { 8, 21 }) {
        CAPTURE(rows);
        auto prompt = random_blocks<block_q8_0>(size_t(stride) * rows);
        for (int b = 0; b < blocks; b++) {
            for (auto & value : prompt[b].qs) {
                value = b % 2 ? -128 : 127;
            }
        }
        std::vector<float> found(size_t(rows) * (columns + gap), untouched), expected = found;
        for (int thread = 0; thread < 5; thread++) {
            REQUIRE(gemm(columns, rows, blocks, weights.data(), stride, prompt.data(), stride, found.data(),
                         columns + gap, thread, 5));
        }
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                expected[row * (columns + gap) + column] = product(&weights[column * stride], &prompt[row * stride]);
            }
        }
        check_near(found, expected);
    }
    CHECK_FALSE(gemm(columns + 1, 16, blocks, nullptr, 0, nullptr, 0, nullptr, 0, 0, 1));
    CHECK_FALSE(gemm(columns, 7, blocks, nullptr, 0, nullptr, 0, nullptr, 0, 0, 1));
}

// Fills the lowest level's table of 16-bit floats. Returns false if this processor has no AVX2.
bool prepare() {
    ggml_cpu_init__x64();
    const auto variants = cpu_variants();
    const bool found    = std::any_of(variants.begin(), variants.end(), [](const auto & variant) {
        return std::string(variant.name) == "haswell" && variant.score > 0;
    });
    if (!found) {
        MESSAGE("not compared: this processor has no AVX2");
    }
    return found;
}

}  // namespace

TEST_CASE("products of Q4_0 weights with prompts") {
    if (!prepare()) {
        return;
    }
    compare_repacked<block_q4_0x8, block_q8_0x4>(mkexe_gemm_q4_0_8x8__haswell, ggml_gemm_q4_0_8x8_q8_0_generic__x64,
                                                 32);
    compare_repacked<block_q4_0x8, block_q8_0x4>(mkexe_gemm_q4_0_8x8__vnni, ggml_gemm_q4_0_8x8_q8_0_generic__x64, 32);
}

TEST_CASE("products of Q4_K weights with prompts") {
    if (!prepare()) {
        return;
    }
    compare_repacked<block_q4_Kx8, block_q8_Kx4>(mkexe_gemm_q4_K_8x8__haswell, ggml_gemm_q4_K_8x8_q8_K_generic__x64,
                                                 256);
    compare_repacked<block_q4_Kx8, block_q8_Kx4>(mkexe_gemm_q4_K_8x8__vnni, ggml_gemm_q4_K_8x8_q8_K_generic__x64, 256);
}

TEST_CASE("products of Q8_0 weights with prompts") {
    if (!prepare()) {
        return;
    }
    compare_plain(mkexe_gemm_q8_0__haswell);
    compare_plain(mkexe_gemm_q8_0__vnni);
}

#endif
