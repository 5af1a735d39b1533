// Multiplies Q4_K weights by prompts (native/patches/gemm.patch calls it).
//
// Upstream's kernel keeps each value of the weights twice, which needs more than sixteen registers, and it shuffles the
// prompt again for every eight rows of weights. This kernel copies four bytes of the prompt to all lanes at once, and
// each lane belongs to one row of weights. The 32 products of a sub-block are at most 15 * 127. Added by pairs, they
// fit into 16 bits (8 * 2 * 1905 = 30480), so one widening is enough: the multiplication by the scale of the sub-block.
#include "gemm.h"

#ifdef MKEXE_GEMM

#    define GGML_COMMON_DECL_CPP
#    include "gemm-lanes.h"
#    include "ggml-common.h"
#    include "repack.h"

namespace {

constexpr int kSubBlocks = 8;       // in a block of 256 values; the values of each share a scale and a minimum
constexpr int kPieces    = 32 / 4;  // a piece has four of a sub-block's 32 values for each column, which fill a lane

// The scales and minima of a block, in the lanes of their columns.
struct Scales {
    __m256i scales[kSubBlocks];      // a lane has the scale twice in 16 bits, or with AVX-VNNI once in 32 bits
    __m256i minima[kSubBlocks / 2];  // a lane has the minima of two sub-blocks, 16 bits each
    __m256  scale, minimum;          // the block's factors for all scales and all minima
};

// Widens eight bytes to 32 bits, in the lanes of their columns.
__m256i in_lanes(uint32_t first, uint32_t second) {
    const __m128i bytes = _mm_set_epi32(0, 0, int(second), int(first));
    return _mm256_permutevar8x32_epi32(_mm256_cvtepu8_epi32(bytes), column_order());
}

// Unpacks the scales and minima. Each sub-block has 12 bytes: for eight columns, a scale and a minimum of 6 bits each
// (make_block_q4_Kx8 in ggml/src/ggml-cpu/repack.cpp).
Scales scales_of(const block_q4_Kx8 & block) {
    constexpr uint32_t k6Bits = 0x3f3f3f3f, k4Bits = 0x0f0f0f0f, k2Bits = 0x03030303;
    Scales             result;
    for (int i = 0; i < kSubBlocks; i++) {
        uint32_t packed[3];
        std::memcpy(packed, block.scales + 12 * i, sizeof(packed));
        const __m256i scales = in_lanes(packed[0] & k6Bits, (packed[2] & k4Bits) | (packed[0] >> 6 & k2Bits) << 4);
        const __m256i minima = in_lanes(packed[1] & k6Bits, (packed[2] >> 4 & k4Bits) | (packed[1] >> 6 & k2Bits) << 4);
#    ifdef __AVXVNNI__
        result.scales[i] = scales;
#    else
        result.scales[i] = _mm256_or_si256(scales, _mm256_slli_epi32(scales, 16));
#    endif
        __m256i & both = result.minima[i / 2];
        both           = i % 2 ? _mm256_or_si256(both, _mm256_slli_epi32(minima, 16)) : minima;
    }
    result.scale   = scales_in_lanes(block.d);
    result.minimum = scales_in_lanes(block.dmin);
    return result;
}

__m256i add_scaled(__m256i total, __m256i sum, __m256i scales) {
#    ifdef __AVXVNNI__
    return _mm256_add_epi32(total, _mm256_mullo_epi32(sum, scales));
#    else
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, scales));
#    endif
}

struct Q4_K {
    using Weights              = block_q4_Kx8;
    using Prompt               = block_q8_Kx4;
    static constexpr int kSpan = 16;

    // The sums of the 32 values of each sub-block. The block itself has sums of 16 values.
    struct Rows {
        int16_t sums[kRows][kSubBlocks];
    };

    static Rows rows_of(const Prompt & block) {
        Rows rows;
        for (int i = 0; i < kSubBlocks; i++) {
            for (int row = 0; row < kRows; row++) {
                const int16_t * halves = block.bsums + (i / 2) * 16 + row * 4 + (i % 2) * 2;
                rows.sums[row][i]      = halves[0] + halves[1];
            }
        }
        return rows;
    }

    // Adds the products of sub-block `index` of the weights with four rows of the prompt to `totals`.
    static void multiply_rows(const __m256i (&pieces)[kPieces],
                              __m256i        scales,
                              const Prompt & block,
                              int            index,
                              __m256i *      totals) {
#    pragma unroll
        for (int row = 0; row < kRows; row++) {
            __m256i sum = _mm256_setzero_si256();
            for (int i = 0; i < kPieces; i++) {
                sum = add_products(sum, pieces[i], repeat(block.qs + (4 * index + i / 2) * 32 + row * 8 + (i % 2) * 4));
            }
            totals[row] = add_scaled(totals[row], sum, scales);
        }
    }

    // Adds the scaled totals of a block to the `sums` of four rows, and subtracts the minima's share.
    static void add_rows(const Scales &  scales,
                         const __m256i * totals,
                         const Prompt &  block,
                         const Rows &    rows,
                         __m256 *        sums) {
        for (int row = 0; row < kRows; row++) {
            __m256i minima = _mm256_setzero_si256();
            for (int i = 0; i < kSubBlocks / 2; i++) {
                minima = _mm256_add_epi32(minima, _mm256_madd_epi16(scales.minima[i], repeat(rows.sums[row] + 2 * i)));
            }
            const __m256 d = _mm256_set1_ps(block.d[row]);
            sums[row] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(totals[row]), _mm256_mul_ps(scales.scale, d), sums[row]);
            sums[row] = _mm256_fnmadd_ps(_mm256_cvtepi32_ps(minima), _mm256_mul_ps(scales.minimum, d), sums[row]);
        }
    }

    template <int groups>
    static void multiply_block(const Weights & weights,
                               const Prompt *  prompt,
                               size_t          stride,
                               const Rows *    rows,
                               __m256 *        sums) {
        const Scales scales = scales_of(weights);
        __m256i      totals[groups * kRows];
        for (__m256i & total : totals) {
            total = _mm256_setzero_si256();
        }
        for (int index = 0; index < kSubBlocks; index += 2) {
            __m256i lower[kPieces], upper[kPieces];
            for (int i = 0; i < 4; i++) {
                const uint8_t * packed = weights.qs + (2 * index + i) * 64;
                split(load(packed), load(packed + 32), lower + 2 * i, upper + 2 * i);
            }
            for (int g = 0; g < groups; g++) {
                multiply_rows(lower, scales.scales[index], prompt[g * stride], index, totals + g * kRows);
            }
            for (int g = 0; g < groups; g++) {
                multiply_rows(upper, scales.scales[index + 1], prompt[g * stride], index + 1, totals + g * kRows);
            }
        }
        for (int g = 0; g < groups; g++) {
            add_rows(scales, totals + g * kRows, prompt[g * stride], rows[g], sums + g * kRows);
        }
    }
};

}  // namespace

void mkexe_gemm_q4_K_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc) {
    multiply_repacked<Q4_K>(n / QK_K, s, bs, vx, vy, nr, nc);
}

#endif
