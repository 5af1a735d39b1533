#pragma once

// Own kernels for weights times prompts, for processors with AVX2 and without AVX-512.
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__) && !defined(__AVX512F__)
#    define MKEXE_GEMM

#    include <cstddef>
#    include <cstdint>

// As upstream's ggml_gemm_q4_0_8x8_q8_0 (ggml/src/ggml-cpu/repack.h): `nr` rows of block_q8_0x4 in `vy`, a multiple of 4,
// times `nc` rows of block_q4_0x8 in `vx`, a multiple of 8, of `n` values, a multiple of 32; `s` has a row every `bs`
// floats. The results are upstream's to the bit.
void mkexe_gemm_q4_0_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc);

// The same for ggml_gemm_q4_K_8x8_q8_K: block_q8_Kx4, block_q4_Kx8, `n` a multiple of 256.
void mkexe_gemm_q4_K_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc);

// As upstream's llamafile_sgemm (ggml/src/ggml-cpu/llamafile/sgemm.cpp) for block_q8_0 on both sides: `m` rows of weights
// `a` times `n` rows `b` of `k` blocks, which are `lda` and `ldb` blocks apart; `c` has a row for each of `b`, `ldc` floats
// apart. Thread `ith` of `nth` does its part. False, and nothing is done, where upstream's kernel is as fast.
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
                     int          nth);

#endif
