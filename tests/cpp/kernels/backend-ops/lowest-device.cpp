// Linked with llama.cpp's tests/test-backend-ops.cpp. The reference of that program is the first CPU device: the level
// that MKEXE_CPU names. This file adds the lowest level as a second device with another name, for `-b CPU-lowest`.
//
// Both compute with one thread. llama.cpp gives the tested device one thread for every two processors, but gives
// the reference its default of four. With more threads than processors, threads wait for each other at every barrier.

#include "ggml-backend-impl.h"
#include "ggml-backend.h"

#include <map>

#define MKEXE_CPU_VARIANT(symbol, ops, name, features) extern "C" ggml_backend_reg_t ggml_backend_cpu_reg__##symbol();
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT

static ggml_backend_reg_t (*const registries[])() = {
#define MKEXE_CPU_VARIANT(symbol, ops, name, features) ggml_backend_cpu_reg__##symbol,
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT
};

using init_function = ggml_backend_t (*)(ggml_backend_dev_t, const char *);
static std::map<ggml_backend_dev_t, init_function> inits;

static ggml_backend_t init_with_one_thread(ggml_backend_dev_t device, const char * parameters) {
    const auto backend     = inits.at(device)(device, parameters);
    const auto set_threads = (ggml_backend_set_n_threads_t) ggml_backend_reg_get_proc_address(
        ggml_backend_dev_backend_reg(device), "ggml_backend_set_n_threads");
    set_threads(backend, 1);
    return backend;
}

static const char * lowest_name(ggml_backend_dev_t) {
    return "CPU-lowest";
}

static const bool registered = [] {
    const auto lowest = registries[0]();
    ggml_backend_register(lowest);
    for (const auto device : { ggml_backend_dev_get(0), ggml_backend_reg_dev_get(lowest, 0) }) {
        inits[device]              = device->iface.init_backend;
        device->iface.init_backend = init_with_one_thread;
    }
    ggml_backend_reg_dev_get(lowest, 0)->iface.get_name = lowest_name;
    return true;
}();
