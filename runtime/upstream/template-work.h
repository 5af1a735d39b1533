#pragma once

// Counts the work of rendering a chat template. The Jinja engine of llama.cpp calls these functions
// (native/patches/limit-templates.patch). A rendering begins and ends on one thread. A function throws limit_error if
// its limit is exceeded.

#include "base/work-limits.h"

namespace mkexe {

class template_work {
  public:
    // The counter of this thread.
    static template_work & current() {
        static thread_local template_work work;
        return work;
    }

    void begin() { steps_ = bytes_ = copies_ = 0; }

    void step(size_t count = 1) {
        check_client_at_times(count);
        steps_ += counts() ? count : 0;
        check_limit("a template with a rendering", counts() ? steps_ : 0, "steps", max_template_steps);
    }

    // Counts a new string or list of `bytes` bytes.
    void make(size_t bytes) {
        bytes_ += counts() ? bytes : 0;
        check_limit("a template with texts", counts() ? bytes_ : 0, "bytes", max_template_bytes);
    }

    // Counts `bytes` bytes that are copied or read.
    void copy(size_t bytes) {
        copies_ += counts() ? bytes : 0;
        check_limit("a template that copies texts", counts() ? copies_ : 0, "bytes", max_template_copies);
    }

    // Counts `count` new texts of `size` bytes each. The two checks prevent an overflow of the product.
    void make(size_t count, size_t size) {
        check_limit("a template that repeats a text", count, "times", max_template_bytes);
        check_limit("a template that repeats a text", size, "bytes", max_template_bytes);
        make(count * size);
    }

    size_t levels = 0;  // of running template code; for level_guard
    size_t depth  = 0;  // of a value that is converted to text; for level_guard

    // Every value of a template has one.
    class counted {
      public:
        counted() { add(); }

        counted(const counted &) { add(); }

        counted & operator=(const counted &) { return *this; }

        ~counted() { current().values_--; }

      private:
        static void add() {
            // a value of another thread may end here, so the count may be below zero
            if (++current().values_ > (long long) max_template_values) {
                current().values_--;  // this value will not exist
                check_limit("a template with values", max_template_values + 1, "at a time", max_template_values);
            }
        }
    };

  private:
    // False outside of a rendering: values of the request, and values that an earlier rendering left, do not count.
    bool counts() const { return levels + depth > 0; }

    size_t    steps_  = 0;
    size_t    bytes_  = 0;
    size_t    copies_ = 0;
    long long values_ = 0;
};

}  // namespace mkexe
