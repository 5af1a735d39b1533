#pragma once

// mkexe's own kernels, which multiply weights by prompts on processors with AVX2 and without AVX-512.
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__) && !defined(__AVX512F__)
#    define MKEXE_GEMM

#    include <cstddef>
#    include <cstdint>

// Does what upstream's ggml_gemm_q4_0_8x8_q8_0 does (ggml/src/ggml-cpu/repack.h), with the same results to the bit. It
// multiplies `nr` rows of the prompt (`vy`, block_q8_0x4; a multiple of 4) by `nc` rows of weights (`vx`, block_q4_0x8;
// a multiple of 8). A row has `n` values, a multiple of 32. The rows of the result `s` are `bs` floats apart.
void mkexe_gemm_q4_0_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc);

// The same for upstream's ggml_gemm_q4_K_8x8_q8_K: `vy` has block_q8_Kx4, `vx` block_q4_Kx8, `n` is a multiple of 256.
void mkexe_gemm_q4_K_8x8(int n, float * s, size_t bs, const void * vx, const void * vy, int nr, int nc);

// Does what upstream's llamafile_sgemm does (ggml/src/ggml-cpu/llamafile/sgemm.cpp) if both sides are block_q8_0. It
// multiplies `m` rows of weights `a` by `n` rows of the prompt `b`. A row has `k` blocks; the rows are `lda` and `ldb`
// blocks apart. The result `c` has a row for each row of `b`, and they are `ldc` floats apart. Thread `ith` of `nth`
// computes its part. Returns false and computes nothing if upstream's kernel is as fast.
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
