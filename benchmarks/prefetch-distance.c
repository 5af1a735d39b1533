// How far ahead weights are best asked for (native/cpu/prefetch.h): rows times a vector as in generation, two threads in
// turns, over 1.2 GB of a file that lies in the page cache.
//
//     cc -O3 -mavx2 -mf16c -mfma -pthread -o prefetch-distance benchmarks/prefetch-distance.c
//     ./prefetch-distance MODEL.gguf COLUMNS [ROUNDS]
//
// Prints the median over the rounds in GB/s, F16 and Q8_0, for each distance in bytes; 0: nothing is asked for. What is
// in the file does not matter.

#include <fcntl.h>
#include <immintrin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { rows_at_once = 64, most_columns = 16384, most_rounds = 99, block = 32, q8_0_bytes = 34 };

static const size_t bytes_read  = (size_t) 1200 << 20;
static const int    distances[] = { 0, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 3072 };
enum { distance_count = sizeof(distances) / sizeof(*distances) };

typedef float (*dot)(int columns, const char * row, const char * vector);

static inline float sum(__m256 lanes) {
    float values[8], total = 0;
    _mm256_storeu_ps(values, lanes);
    for (int i = 0; i < 8; i++) {
        total += values[i];
    }
    return total;
}

static inline __m256 load_f16(const char * numbers) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) numbers));
}

// as ggml_vec_dot_f16: 32 numbers in a step
static inline float dot_f16(int columns, const char * row, const char * vector, int distance) {
    __m256 sums[4] = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps() };
    for (int i = 0; i < 2 * columns; i += 2 * block) {
        if (distance > 0) {
            _mm_prefetch(row + i + distance, _MM_HINT_T0);
        }
        for (int j = 0; j < 4; j++) {
            sums[j] = _mm256_fmadd_ps(load_f16(row + i + 16 * j), load_f16(vector + i + 16 * j), sums[j]);
        }
    }
    return sum(_mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
}

// as ggml_vec_dot_q8_0_q8_0: a block in a step
static inline float dot_q8_0(int columns, const char * row, const char * vector, int distance) {
    __m256 sums = _mm256_setzero_ps();
    for (int i = 0; i < columns / block * q8_0_bytes; i += q8_0_bytes) {
        if (distance > 0) {
            _mm_prefetch(row + i + distance, _MM_HINT_T0);
        }
        const __m256i x       = _mm256_loadu_si256((const __m256i *) (row + i + 2));
        const __m256i y       = _mm256_loadu_si256((const __m256i *) (vector + i + 2));
        const __m256i pairs   = _mm256_maddubs_epi16(_mm256_sign_epi8(x, x), _mm256_sign_epi8(y, x));
        const __m256  numbers = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        const float   scale   = _cvtsh_ss(*(const uint16_t *) (row + i)) * _cvtsh_ss(*(const uint16_t *) (vector + i));
        sums                  = _mm256_fmadd_ps(_mm256_set1_ps(scale), numbers, sums);
    }
    return sum(sums);
}

// each distance as a constant, as in the kernels
#define WITH(type, distance)                                                                   \
    static float dot_##type##_##distance(int columns, const char * row, const char * vector) { \
        return dot_##type(columns, row, vector, distance);                                     \
    }
#define WITH_ALL(type) \
    WITH(type, 0)      \
    WITH(type, 256)    \
    WITH(type, 512)    \
    WITH(type, 768)    \
    WITH(type, 1024) WITH(type, 1280) WITH(type, 1536) WITH(type, 1792) WITH(type, 2048) WITH(type, 3072)
#define ALL(type)                                                                                                   \
    {                                                                                                               \
        dot_##type##_0, dot_##type##_256, dot_##type##_512, dot_##type##_768, dot_##type##_1024, dot_##type##_1280, \
            dot_##type##_1536, dot_##type##_1792, dot_##type##_2048, dot_##type##_3072                              \
    }
WITH_ALL(f16)
WITH_ALL(q8_0)
static const dot kernels[2][distance_count] = { ALL(f16), ALL(q8_0) };

static const char *   weights;
static char           vector[2 * most_columns];
static int            columns;
static size_t         rows, row_bytes;
static dot            kernel;
static atomic_size_t  next_rows;
static volatile float sink;

static void * multiply(void * unused) {
    (void) unused;
    float total = 0;
    for (size_t first; (first = atomic_fetch_add(&next_rows, rows_at_once)) < rows;) {
        for (size_t row = first; row < rows && row < first + rows_at_once; row++) {
            total += kernel(columns, weights + row * row_bytes, vector);
        }
    }
    sink = total;
    return NULL;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static double measure(dot with) {
    kernel = with;
    atomic_store(&next_rows, 0);
    const double began = seconds();
    pthread_t    other;
    pthread_create(&other, NULL, multiply, NULL);
    multiply(NULL);
    pthread_join(other, NULL);
    return (double) rows * (double) row_bytes / (seconds() - began) / 1e9;
}

static int compare(const void * left, const void * right) {
    const double a = *(const double *) left, b = *(const double *) right;
    return (a > b) - (a < b);
}

int main(int argc, char ** argv) {
    const int file   = argc > 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    const int rounds = argc > 3 ? atoi(argv[3]) : 21;
    columns          = argc > 2 ? atoi(argv[2]) : 0;
    if (file < 0 || columns < block || columns > most_columns || columns % block || rounds < 1 ||
        rounds > most_rounds) {
        fprintf(stderr, "usage: %s MODEL.gguf COLUMNS [ROUNDS]   (columns: a multiple of 32 up to 16384)\n", argv[0]);
        return 2;
    }
    weights = mmap(NULL, bytes_read, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (weights == MAP_FAILED) {
        perror(argv[1]);
        return 1;
    }
    for (int type = 0; type < 2; type++) {
        static double rates[distance_count][most_rounds];
        row_bytes = type == 0 ? 2 * (size_t) columns : (size_t) (columns / block) * q8_0_bytes;
        rows      = bytes_read / row_bytes - 1;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < distance_count; i++) {
                const int chosen     = round % 2 ? distance_count - 1 - i : i;  // there and back
                rates[chosen][round] = measure(kernels[type][chosen]);
            }
        }
        for (int i = 0; i < distance_count; i++) {
            qsort(rates[i], (size_t) rounds, sizeof(double), compare);
            printf("%s %4d %.1f GB/s\n", type == 0 ? "F16 " : "Q8_0", distances[i], rates[i][rounds / 2]);
        }
    }
    return 0;
}
