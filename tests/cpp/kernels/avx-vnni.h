// For native/cpu/gemm-*.cpp: computes the instructions of AVX-VNNI with AVX2, because neither an emulator nor a machine
// with AVX-VNNI is available. The kernels get other names.
#pragma once

#include <immintrin.h>

#define __AVXVNNI__ 1

static inline __m256i add_pairs_of_words(__m256i sum, __m256i a, __m256i b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

// Four products of an unsigned and a signed byte, without saturation.
static inline __m256i add_fours_of_bytes(__m256i sum, __m256i a, __m256i b) {
    const __m256i even_a = _mm256_and_si256(a, _mm256_set1_epi16(0xff));
    const __m256i even_b = _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8);
    sum                  = add_pairs_of_words(sum, even_a, even_b);
    return add_pairs_of_words(sum, _mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
}

#define _mm256_dpwssd_avx_epi32 add_pairs_of_words
#define _mm256_dpbusd_avx_epi32 add_fours_of_bytes

#define mkexe_gemm_q4_0_8x8 mkexe_gemm_q4_0_8x8__vnni
#define mkexe_gemm_q4_K_8x8 mkexe_gemm_q4_K_8x8__vnni
#define mkexe_gemm_q8_0     mkexe_gemm_q8_0__vnni
