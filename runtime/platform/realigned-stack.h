#pragma once

// For functions that run in a signal handler: aligns the stack, because some emulators do not.
#if defined(__x86_64__)
#    define REALIGNED_STACK __attribute__((force_align_arg_pointer))
#else
#    define REALIGNED_STACK
#endif
