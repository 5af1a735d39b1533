#include "platform/signal-stack.h"

#include <dlfcn.h>

#include <cerrno>

using creator = int (*)(pthread_t *, const pthread_attr_t *, void * (*) (void *), void *);

int create_system_thread(pthread_t *            thread,
                         const pthread_attr_t * attributes,
                         void * (*run)(void *),
                         void * argument) {
    static const auto create = reinterpret_cast<creator>(dlsym(RTLD_NEXT, "pthread_create"));
    return create ? create(thread, attributes, run, argument) : EAGAIN;
}

// XNU uses the same code for a page that is not writable (bsd/uxkern/ux_exception.c).
bool is_lost_page(int) {
    return false;
}
