#include "upstream/aborts.h"

#include "ggml.h"
#include "platform/crash.h"

void watch_aborts() {
    ggml_set_abort_callback([](const char * message) { end_by_library("llama.cpp", message); });
}
