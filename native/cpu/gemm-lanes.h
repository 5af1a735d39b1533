#pragma once

// The code that the kernels in gemm-*.cpp share. They process eight rows of weights at once, one in each 32-bit lane.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace {

constexpr int kColumns = 8;  // rows of weights that are processed at once; each is a column of the result
constexpr int kRows    = 4;  // rows of the prompt that upstream interleaves: one group
constexpr int kGroups  = 4;  // groups of rows of the prompt per unpacking of a block of weights

// The order in which split() stores the columns. The permutation is its own inverse.
[[maybe_unused]] __m256i column_order() {
    return _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
}

// Splits bytes into their lower and upper four bits. `left` has eight bytes of each of the columns 0 to 3, `right`
// those of the columns 4 to 7. Writes two vectors to `lower` and two to `upper`; each has four bytes of each of the
// columns 0 1 4 5 2 3 6 7.
[[maybe_unused]] void split(__m256i left, __m256i right, __m256i * lower, __m256i * upper) {
    const __m256i low = _mm256_set1_epi8(0x0F);
    for (__m256i * target : { lower, upper }) {
        const __m256 a = _mm256_castsi256_ps(_mm256_and_si256(left, low));
        const __m256 b = _mm256_castsi256_ps(_mm256_and_si256(right, low));
        target[0]      = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
        target[1]      = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
        left           = _mm256_srli_epi16(left, 4);
        right          = _mm256_srli_epi16(right, 4);
    }
}

[[maybe_unused]] __m256i load(const void * bytes) {
    return _mm256_loadu_si256(static_cast<const __m256i *>(bytes));
}

// Copies four bytes to every lane.
__m256i repeat(const void * bytes) {
    int value;
    std::memcpy(&value, bytes, sizeof(value));
    return _mm256_set1_epi32(value);
}

// Adds the four products of bytes in each lane to `sum`. A lane of `sum` has two sums of 16 bits, or one of 32 bits if
// the processor has AVX-VNNI.
[[maybe_unused]] __m256i add_products(__m256i sum, __m256i unsigned_bytes, __m256i signed_bytes) {
#ifdef __AVXVNNI__
    return _mm256_dpbusd_avx_epi32(sum, unsigned_bytes, signed_bytes);
#else
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(unsigned_bytes, signed_bytes));
#endif
}

// Converts eight scales of 16 bits to floats, in the lanes of their columns.
[[maybe_unused]] __m256 scales_in_lanes(const void * halves) {
    const __m256 scales = _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i *>(halves)));
    return _mm256_permutevar8x32_ps(scales, column_order());
}

// Adds the products of one span of `nb` blocks to the result: `groups` groups of rows of the prompt times `nc` columns.
// `s` is the first row of the result, and its rows are `bs` floats apart. If `first`, it overwrites the result instead.
// `stride` is the number of blocks from one row to the next.
template <class Kernel, int groups>
void multiply_span(const typename Kernel::Weights * weights,
                   const typename Kernel::Prompt *  prompt,
                   int                              nb,
                   size_t                           stride,
                   float *                          s,
                   size_t                           bs,
                   int                              nc,
                   bool                             first) {
    typename Kernel::Rows rows[Kernel::kSpan][groups];
    for (int b = 0; b < nb; b++) {
        for (int g = 0; g < groups; g++) {
            rows[b][g] = Kernel::rows_of(prompt[g * stride + b]);
        }
    }
    for (int x = 0; x < nc; x += kColumns, weights += stride) {
        __m256 sums[groups * kRows];
        for (int row = 0; row < groups * kRows; row++) {
            sums[row] = first ? _mm256_setzero_ps() :
                                _mm256_permutevar8x32_ps(_mm256_loadu_ps(s + row * bs + x), column_order());
        }
        for (int b = 0; b < nb; b++) {
            Kernel::template multiply_block<groups>(weights[b], prompt + b, stride, rows[b], sums);
        }
        for (int row = 0; row < groups * kRows; row++) {
            _mm256_storeu_ps(s + row * bs + x, _mm256_permutevar8x32_ps(sums[row], column_order()));
        }
    }
}

// Multiplies `nr` rows of a prompt (a multiple of 4) by `nc` columns (a multiple of 8), of `blocks` blocks each, both
// repacked by upstream (ggml/src/ggml-cpu/repack.h). Kernel defines the types of the blocks, how many blocks make a
// span (the rows of a span fit into the cache), and how to multiply a block.
template <class Kernel>
void multiply_repacked(int blocks, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc) {
    const auto * weights = static_cast<const typename Kernel::Weights *>(vx);
    for (int row = 0, groups; row < nr; row += groups * kRows) {
        groups              = nr - row < kGroups * kRows ? 1 : kGroups;
        const auto * prompt = static_cast<const typename Kernel::Prompt *>(vy) + size_t(row / kRows) * blocks;
        const auto   part   = groups == 1 ? multiply_span<Kernel, 1> : multiply_span<Kernel, kGroups>;
        for (int b = 0; b < blocks; b += Kernel::kSpan) {
            const int nb = blocks - b < Kernel::kSpan ? blocks - b : Kernel::kSpan;
            part(weights + b, prompt + b, nb, blocks, s + row * bs, bs, nc, b == 0);
        }
    }
}

}  // namespace
