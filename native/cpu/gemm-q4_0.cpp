// Q4_0 weights times prompts (native/patches/gemm-q4_0.patch).
//
// Upstream's kernel multiplies signed bytes by signed bytes, for which x86 has no instruction: per product it moves a sign
// from one factor to the other, and it keeps each value of the weights twice, more than the sixteen registers hold. Here
// the weights stay what their four bits say, 0 to 15, which the instruction takes as they are; eight times the sum of the
// other factors comes off afterwards, because the format counts from 8. A block's 32 products of at most 15 * 127, added
// by pairs, fit into 16 bits (8 * 2 * 1905 = 30480), so they are widened once. The results are upstream's to the bit:
// whole numbers are added in another order, the multiplications by scales are the same.
#include "gemm.h"

#ifdef MKEXE_GEMM

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"
#include "repack.h"

#include <immintrin.h>

#include <cstring>

namespace {

constexpr int kBlock = 32;                     // values of a row that share a scale
constexpr int kColumns = 8, kRows = 4;         // rows of weights and of activations that are interleaved in a block
constexpr int kPieces = kBlock / 4;            // four values fill the 32 bits of a lane
constexpr int kGroups = 4;                     // of kRows rows, which share the unpacking of a block of weights
constexpr int kChunk = 8;                      // values of one row that lie side by side
constexpr int kSpan = 128;                     // blocks of a row at a time

// As unpack() puts the columns; the permutation is its own inverse.
__m256i column_order() {
    return _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
}

// The weights of a block, 0 to 15: piece i has the values 4i to 4i + 3 of the columns 0 1 4 5 2 3 6 7.
void unpack(const block_q4_0x8 & block, __m256i (&pieces)[kPieces]) {
    const __m256i low = _mm256_set1_epi8(0x0F);
    for (int half = 0; half < 2; half++) {
        const auto * packed = reinterpret_cast<const __m256i *>(block.qs + half * kColumns * kChunk);
        // repacking has flipped the highest bit of each four
        const __m256i left = _mm256_xor_si256(_mm256_loadu_si256(packed), _mm256_set1_epi8(char(0x88)));
        const __m256i right = _mm256_xor_si256(_mm256_loadu_si256(packed + 1), _mm256_set1_epi8(char(0x88)));
        for (int upper = 0; upper < 2; upper++) {
            const __m256 a = _mm256_castsi256_ps(_mm256_and_si256(_mm256_srli_epi16(left, 4 * upper), low));
            const __m256 b = _mm256_castsi256_ps(_mm256_and_si256(_mm256_srli_epi16(right, 4 * upper), low));
            __m256i * target = pieces + 4 * upper + 2 * half;
            target[0] = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
            target[1] = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
        }
    }
}

// Four products of each lane are added to `sum`, as 16 or 32 bits; total() makes 32 of them.
__m256i add_products(__m256i sum, __m256i weights, __m256i activations) {
#ifdef __AVXVNNI__
    return _mm256_dpbusd_avx_epi32(sum, weights, activations);
#else
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(weights, activations));
#endif
}

__m256i total(__m256i sum) {
#ifdef __AVXVNNI__
    return sum;
#else
    return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
#endif
}

// Eight times the sum of each row's 32 values.
__m128i eightfold_sums(const block_q8_0x4 & block) {
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < kBlock / kChunk; i++) {
        const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(block.qs) + i);
        sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(_mm256_set1_epi8(8), values));
    }
    const __m256i halves = _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
    return _mm_hadd_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

__m256i repeat(const void * four_bytes) {
    int value;
    std::memcpy(&value, four_bytes, sizeof(value));
    return _mm256_set1_epi32(value);
}

// What the blocks of kRows rows need beside their values: eight times the sum of those, and the scale.
struct Rows {
    int32_t offsets[kRows];
    float scales[kRows];
};

Rows rows_of(const block_q8_0x4 & block) {
    Rows rows;
    _mm_storeu_si128(reinterpret_cast<__m128i *>(rows.offsets), eightfold_sums(block));
    _mm_storeu_ps(rows.scales, _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(block.d))));
    return rows;
}

// The products of a block of weights with four rows are added to `sums`.
void add_block(const __m256i (&pieces)[kPieces], __m256 scales, const block_q8_0x4 & block, const Rows & rows,
        __m256 * sums) {
#pragma unroll
    for (int row = 0; row < kRows; row++) {
        __m256i sum = _mm256_setzero_si256();
        for (int i = 0; i < kPieces; i++) {
            sum = add_products(sum, pieces[i], repeat(block.qs + (i / 2) * kRows * kChunk + row * kChunk + (i % 2) * 4));
        }
        const __m256 product = _mm256_cvtepi32_ps(_mm256_sub_epi32(total(sum), repeat(rows.offsets + row)));
        sums[row] = _mm256_fmadd_ps(product, _mm256_mul_ps(scales, _mm256_set1_ps(rows.scales[row])), sums[row]);
    }
}

// The part of the product that `nb` blocks of each row give, kSpan at most, of `groups` groups of rows and `nc` columns.
// `s` is the result's first row, of `bs` floats a row; `first`: it holds nothing yet. `stride`: blocks from one row to the
// next.
template <int groups>
void multiply(const block_q4_0x8 * weights, const block_q8_0x4 * activations, int nb, size_t stride, float * s, size_t bs,
        int nc, bool first) {
    Rows rows[kSpan][groups];
    for (int b = 0; b < nb; b++) {
        for (int g = 0; g < groups; g++) {
            rows[b][g] = rows_of(activations[g * stride + b]);
        }
    }
    for (int x = 0; x < nc; x += kColumns, weights += stride) {
        __m256 sums[groups * kRows];
        for (int row = 0; row < groups * kRows; row++) {
            sums[row] = first ? _mm256_setzero_ps()
                              : _mm256_permutevar8x32_ps(_mm256_loadu_ps(s + row * bs + x), column_order());
        }
        for (int b = 0; b < nb; b++) {
            __m256i pieces[kPieces];
            unpack(weights[b], pieces);
            const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i *>(weights[b].d));
            const __m256 scales = _mm256_permutevar8x32_ps(_mm256_cvtph_ps(halves), column_order());
            for (int g = 0; g < groups; g++) {
                add_block(pieces, scales, activations[g * stride + b], rows[b][g], sums + g * kRows);
            }
        }
        for (int row = 0; row < groups * kRows; row++) {
            _mm256_storeu_ps(s + row * bs + x, _mm256_permutevar8x32_ps(sums[row], column_order()));
        }
    }
}

}  // namespace

void mkexe_gemm_q4_0_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc) {
    const int blocks = n / kBlock;
    const auto * weights = static_cast<const block_q4_0x8 *>(vx);
    for (int row = 0, groups; row < nr; row += groups * kRows) {
        groups = nr - row < kGroups * kRows ? 1 : kGroups;
        const auto * activations = static_cast<const block_q8_0x4 *>(vy) + size_t(row / kRows) * blocks;
        const auto part = groups == 1 ? multiply<1> : multiply<kGroups>;
        for (int b = 0; b < blocks; b += kSpan) {
            const int nb = blocks - b < kSpan ? blocks - b : kSpan;
            part(weights + b, activations + b, nb, blocks, s + row * bs, bs, nc, b == 0);
        }
    }
}

#endif
