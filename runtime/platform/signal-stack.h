#pragma once

// A second stack for each thread, on which signal handlers run, on Unix. So a handler can run even if a thread has used
// all its stack. Every thread gets one, because signal-stack.cpp replaces pthread_create(3).

#include <pthread.h>

#include <cstddef>
#include <cstdint>

// For the main thread: gives it a second stack, and lets its first stack grow as far as the system allows, up to 8 MiB.
void watch_main_stack();

// Whether the address is at the end of the calling thread's stack. Signal handlers may call it.
bool is_end_of_stack(uintptr_t address);

// The size of the calling thread's stack in bytes; 0 if unknown. Signal handlers may call it.
size_t stack_bytes();

// What limits the calling thread's stack, as a sentence with a space before it. Signal handlers may call it.
const char * stack_hint();

// --- defined for each system, in crash-linux.cpp and crash-macos.cpp

// The C library's pthread_create(3).
int create_system_thread(pthread_t * thread, const pthread_attr_t * attributes, void * (*run)(void *), void * argument);

// Whether a SIGBUS with this si_code always means that a page of a file could not be read.
bool is_lost_page(int code);
