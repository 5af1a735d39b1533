// Multiplies Q4_0 weights by prompts (native/patches/gemm.patch calls it).
//
// Upstream's kernel multiplies signed bytes by signed bytes. AVX2 has no instruction for that, so for each product it
// moves a sign from one factor to the other. It also keeps each value of the weights twice, which needs more than
// sixteen registers. This kernel keeps the weights unsigned, 0 to 15, as the instruction (vpmaddubsw) expects them. A
// Q4_0 value means 8 less than its four bits say, so the kernel subtracts eight times the sum of the other factors at
// the end. The 32 products of a block are at most 15 * 127. Added by pairs, they fit into 16 bits
// (8 * 2 * 1905 = 30480), so one widening to 32 bits is enough. The results equal upstream's to the bit: integers are only added in
// another order, and the multiplications by the scales are the same.
#include "gemm.h"

#ifdef MKEXE_GEMM

#    define GGML_COMMON_DECL_CPP
#    include "gemm-lanes.h"
#    include "ggml-common.h"
#    include "repack.h"

namespace {

constexpr int kPieces = 32 / 4;  // a piece has four of a block's 32 values for each column, which fill a lane

// Unpacks the weights of a block to values from 0 to 15. Piece i has the values 4i to 4i + 3 of each column.
void unpack(const block_q4_0x8 & block, __m256i (&pieces)[kPieces]) {
    const __m256i flipped = _mm256_set1_epi8(char(0x88));  // repacking flips the highest of each four bits
    for (int half = 0; half < 2; half++) {
        const auto * packed = block.qs + 64 * half;
        split(_mm256_xor_si256(load(packed), flipped), _mm256_xor_si256(load(packed + 32), flipped), pieces + 2 * half,
              pieces + 4 + 2 * half);
    }
}

// Converts the sums of add_products() to one sum of 32 bits in each lane.
__m256i total(__m256i sum) {
#    ifdef __AVXVNNI__
    return sum;
#    else
    return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
#    endif
}

// Returns eight times the sum of the 32 values of each row.
__m128i eightfold_sums(const block_q8_0x4 & block) {
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < 4; i++) {
        sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(_mm256_set1_epi8(8), load(block.qs + 32 * i)));
    }
    const __m256i halves = _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
    return _mm_hadd_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

struct Q4_0 {
    using Weights              = block_q4_0x8;
    using Prompt               = block_q8_0x4;
    static constexpr int kSpan = 128;

    struct Rows {
        int32_t offsets[kRows];
        float   scales[kRows];
    };

    static Rows rows_of(const Prompt & block) {
        Rows rows;
        _mm_storeu_si128(reinterpret_cast<__m128i *>(rows.offsets), eightfold_sums(block));
        _mm_storeu_ps(rows.scales, _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(block.d))));
        return rows;
    }

    // Adds the products of a block of weights with four rows of the prompt to `sums`.
    static void multiply_rows(const __m256i (&pieces)[kPieces],
                              __m256         scales,
                              const Prompt & block,
                              const Rows &   rows,
                              __m256 *       sums) {
#    pragma unroll
        for (int row = 0; row < kRows; row++) {
            __m256i sum = _mm256_setzero_si256();
            for (int i = 0; i < kPieces; i++) {
                sum = add_products(sum, pieces[i], repeat(block.qs + (i / 2) * 32 + row * 8 + (i % 2) * 4));
            }
            const __m256 product = _mm256_cvtepi32_ps(_mm256_sub_epi32(total(sum), repeat(rows.offsets + row)));
            sums[row] = _mm256_fmadd_ps(product, _mm256_mul_ps(scales, _mm256_set1_ps(rows.scales[row])), sums[row]);
        }
    }

    template <int groups>
    static void multiply_block(const Weights & weights,
                               const Prompt *  prompt,
                               size_t          stride,
                               const Rows *    rows,
                               __m256 *        sums) {
        __m256i pieces[kPieces];
        unpack(weights, pieces);
        const __m256 scales = scales_in_lanes(weights.d);
        for (int g = 0; g < groups; g++) {
            multiply_rows(pieces, scales, prompt[g * stride], rows[g], sums + g * kRows);
        }
    }
};

}  // namespace

void mkexe_gemm_q4_0_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc) {
    multiply_repacked<Q4_0>(n / QK4_0, s, bs, vx, vy, nr, nc);
}

#endif
