// Multiplies Q8_0 weights by prompts (native/patches/gemm.patch calls it).
//
// Upstream's kernel multiplies block by block and keeps eight partial sums of each result. So every 32 products need a
// conversion, a scale and an addition of their own. It also moves signs from one factor to the other, because AVX2
// multiplies bytes only if one of the two is unsigned. This kernel interleaves eight rows of weights while it reads
// them, and each lane belongs to one row. So it needs those three steps once for eight blocks. It widens the values to
// signed 16 bits, which AVX2 can multiply: the weights once for kShared rows of the prompt, the prompt once for kChunk
// rows of weights.
#include "gemm.h"

#ifdef MKEXE_GEMM

#    define GGML_COMMON_DECL_CPP
#    include "gemm-lanes.h"
#    include "ggml-common.h"

namespace {

constexpr int kBlock    = 32;          // values of a row that share a scale
constexpr int kTogether = 4;           // rows of the prompt per load of a piece of the weights
constexpr int kShared   = 16;          // rows of the prompt per interleaving of the weights
constexpr int kPieces   = kBlock / 2;  // a piece has two widened values for each column, which fill a lane
constexpr int kSpan     = 64;          // blocks of a row at once: 64 KiB of the widened prompt, on the stack
constexpr int kChunk    = 128;         // rows of weights at once; they fit into the cache

// A matrix of blocks. Its rows are `stride` blocks apart.
struct Blocks {
    const block_q8_0 * first;
    int64_t            stride;

    Blocks             from(int64_t row, int64_t block) const { return { first + row * stride + block, stride }; }
    const block_q8_0 & at(int64_t row) const { return first[row * stride]; }
};

// One block of each of eight rows of weights. Piece i has the values 4i and 4i + 2 of each row, piece i + 8 the values
// 4i + 1 and 4i + 3.
struct Columns {
    __m256i pieces[kPieces];
    __m256  scales;
};

// One block of a row of the prompt. Its values have the same order.
struct Row {
    __m256i pieces[2];
};

void widen(__m256i bytes, __m256i & even, __m256i & odd) {
    even = _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
    odd  = _mm256_srai_epi16(bytes, 8);
}

__m256i load_halves(const int8_t * lower, const int8_t * upper) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(lower))),
                                   _mm_loadu_si128(reinterpret_cast<const __m128i *>(upper)), 1);
}

void interleave(Blocks a, Columns & columns) {
    for (int half = 0; half < 2; half++) {
        __m256i rows[4], pairs[4];
        for (int i = 0; i < 4; i++) {
            rows[i] = load_halves(a.at(i).qs + 16 * half, a.at(i + 4).qs + 16 * half);
        }
        pairs[0] = _mm256_unpacklo_epi32(rows[0], rows[1]);
        pairs[1] = _mm256_unpacklo_epi32(rows[2], rows[3]);
        pairs[2] = _mm256_unpackhi_epi32(rows[0], rows[1]);
        pairs[3] = _mm256_unpackhi_epi32(rows[2], rows[3]);
        for (int i = 0; i < 4; i++) {
            const __m256i * pair = pairs + (i & 2);
            const __m256i   bytes =
                i & 1 ? _mm256_unpackhi_epi64(pair[0], pair[1]) : _mm256_unpacklo_epi64(pair[0], pair[1]);
            widen(bytes, columns.pieces[4 * half + i], columns.pieces[4 * half + i + kPieces / 2]);
        }
    }
    columns.scales = _mm256_cvtph_ps(
        _mm_setr_epi16(a.at(0).d, a.at(1).d, a.at(2).d, a.at(3).d, a.at(4).d, a.at(5).d, a.at(6).d, a.at(7).d));
}

Row row_of(const block_q8_0 & block) {
    Row row;
    widen(load(block.qs), row.pieces[0], row.pieces[1]);
    return row;
}

// Adds the two products of each lane to `sum`.
__m256i add_pairs(__m256i sum, __m256i a, __m256i b) {
#    ifdef __AVXVNNI__
    return _mm256_dpwssd_avx_epi32(sum, a, b);
#    else
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
#    endif
}

// Adds the products of the weights with one block of `together` rows of the prompt to `sums`.
template <int together>
void add_block(const Columns & columns, const Row * rows, const float * row_scales, __m256 * sums) {
    __m256i products[together];
    for (__m256i & sum : products) {
        sum = _mm256_setzero_si256();
    }
#    pragma unroll
    for (int i = 0; i < kPieces; i++) {
        for (int row = 0; row < together; row++) {
            const int * values = reinterpret_cast<const int *>(rows[row].pieces);
            products[row]      = add_pairs(products[row], columns.pieces[i], repeat(values + i));
        }
    }
    for (int row = 0; row < together; row++) {
        const __m256 scales = _mm256_mul_ps(columns.scales, _mm256_set1_ps(row_scales[row]));
        sums[row]           = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products[row]), scales, sums[row]);
    }
}

// Adds the products of `blocks` blocks of each row (at most kSpan) to `nr` rows and `nc` columns of the result `c`,
// whose rows are `ldc` floats apart. If `first`, it overwrites the result instead.
void multiply_part(Blocks a, Blocks b, int blocks, float * c, int64_t ldc, int nc, int nr, bool first) {
    Row   rows[kSpan][kShared];
    float scales[kSpan][kShared];
    for (int l = 0; l < blocks; l++) {
        for (int row = 0; row < nr; row++) {
            rows[l][row]   = row_of(*b.from(row, l).first);
            scales[l][row] = _cvtsh_ss(b.from(row, l).first->d);
        }
    }
    for (int column = 0; column < nc; column += kColumns) {
        __m256 sums[kShared];
        for (int row = 0; row < nr; row++) {
            sums[row] = first ? _mm256_setzero_ps() : _mm256_loadu_ps(c + row * ldc + column);
        }
        for (int l = 0; l < blocks; l++) {
            Columns columns;
            interleave(a.from(column, l), columns);
            int row = 0;
            for (; row + kTogether <= nr; row += kTogether) {
                add_block<kTogether>(columns, rows[l] + row, scales[l] + row, sums + row);
            }
            for (; row < nr; row++) {
                add_block<1>(columns, rows[l] + row, scales[l] + row, sums + row);
            }
        }
        for (int row = 0; row < nr; row++) {
            _mm256_storeu_ps(c + row * ldc + column, sums[row]);
        }
    }
}

}  // namespace

bool mkexe_gemm_q8_0(int64_t      m,
                     int64_t      n,
                     int64_t      k,
                     const void * a,
                     int64_t      lda,
                     const void * b,
                     int64_t      ldb,
                     float *      c,
                     int64_t      ldc,
                     int          ith,
                     int          nth) {
    if (m % kColumns != 0 || n < kShared / 2) {
        return false;
    }
    const Blocks  weights{ static_cast<const block_q8_0 *>(a), lda }, prompt{ static_cast<const block_q8_0 *>(b), ldb };
    const int64_t groups = m / kColumns, last = groups * (ith + 1) / nth * kColumns;
    for (int64_t i = groups * ith / nth * kColumns; i < last; i += kChunk) {
        const int nc = last - i < kChunk ? last - i : kChunk;
        for (int64_t j = 0; j < n; j += kShared) {
            const int nr = n - j < kShared ? n - j : kShared;
            for (int64_t l = 0; l < k; l += kSpan) {
                const int blocks = k - l < kSpan ? k - l : kSpan;
                multiply_part(weights.from(i, l), prompt.from(j, l), blocks, c + j * ldc + i, ldc, nc, nr, l == 0);
            }
        }
    }
    return true;
}

#endif
