// How fast memory can be read: N threads add up one buffer, each its own part of it; the best pass counts.
//
// usage: memory-read THREADS BYTES PASSES      prints {"bytes_per_s": X}
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct part {
    const uint64_t * words;
    size_t           count;
    uint64_t         sum;
};

// Eight sums, so that additions do not wait for each other and the compiler can use vectors.
static void * add_up(void * argument) {
    struct part * part   = argument;
    uint64_t      sum[8] = { 0 };
    for (size_t i = 0; i + 8 <= part->count; i += 8) {
        for (int lane = 0; lane < 8; lane++) {
            sum[lane] += part->words[i + lane];
        }
    }
    for (int lane = 0; lane < 8; lane++) {
        part->sum += sum[lane];
    }
    return NULL;
}

static double now_s(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int argc, char ** argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: memory-read THREADS BYTES PASSES\n");
        return 2;
    }
    const int    threads = atoi(argv[1]);
    const size_t words   = strtoull(argv[2], NULL, 10) / sizeof(uint64_t);
    const int    passes  = atoi(argv[3]);
    uint64_t *   buffer  = malloc(words * sizeof(uint64_t));
    pthread_t *  ids     = calloc(threads, sizeof(pthread_t));
    struct part * parts  = calloc(threads, sizeof(struct part));
    if (threads < 1 || words == 0 || !buffer || !ids || !parts) {
        return 1;
    }
    memset(buffer, 1, words * sizeof(uint64_t));

    double   best_s = 1e9;
    uint64_t sum    = 0;
    for (int pass = 0; pass < passes; pass++) {
        const double began = now_s();
        for (int i = 0; i < threads; i++) {
            parts[i] = (struct part) { buffer + words / threads * i, words / threads, 0 };
            pthread_create(&ids[i], NULL, add_up, &parts[i]);
        }
        for (int i = 0; i < threads; i++) {
            pthread_join(ids[i], NULL);
            sum += parts[i].sum;
        }
        const double took = now_s() - began;
        best_s = took < best_s ? took : best_s;
    }
    fprintf(stderr, "sum %llu\n", (unsigned long long) sum);  // so that nothing is left out as unused
    printf("{\"bytes_per_s\": %.0f}\n", words / threads * threads * sizeof(uint64_t) / best_s);
    return 0;
}
