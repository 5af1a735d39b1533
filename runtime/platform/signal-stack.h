#pragma once

// A second stack for each thread of a Unix, on which signal handlers run: that of a thread which has no stack left too.
// Every thread gets one, because signal-stack.cpp stands in for pthread_create(3).

#include <pthread.h>

#include <cstddef>
#include <cstdint>

// Main's stack: gives the calling thread its second one, and lets the first grow as far as the system allows, to 8 MiB.
void watch_main_stack();

// Whether the address lies where the calling thread's stack ends. May be called in a signal handler.
bool is_end_of_stack(uintptr_t address);

// The size in bytes of the calling thread's stack; 0 where that is not known. May be called in a signal handler.
size_t stack_bytes();

// What limits the calling thread's stack, as a sentence with a space before it. May be called in a signal handler.
const char * stack_hint();

// --- defined for each system, in crash-linux.cpp and crash-macos.cpp

// The C library's pthread_create(3).
int create_system_thread(pthread_t * thread, const pthread_attr_t * attributes, void * (*run)(void *), void * argument);

// Whether a SIGBUS with this si_code always means that a file's page could not be read.
bool is_lost_page(int code);
