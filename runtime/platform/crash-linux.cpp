#include "platform/signal-stack.h"

#include <signal.h>

// musl's internal name (src/thread/pthread_create.c); pthread_create is a weak alias for it
extern "C" int __pthread_create(pthread_t *, const pthread_attr_t *, void * (*) (void *), void *);

int create_system_thread(pthread_t *            thread,
                         const pthread_attr_t * attributes,
                         void * (*run)(void *),
                         void * argument) {
    return __pthread_create(thread, attributes, run, argument);
}

bool is_lost_page(int code) {
    return code == BUS_ADRERR;
}
