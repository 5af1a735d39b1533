#pragma once

// What the rendering of a chat template has used; called by upstream's Jinja (native/patches/limit-templates.patch).
// A rendering begins and ends on one thread. Each function throws limit_error where that is too much.

#include "base/work-limits.h"

namespace mkexe {

class template_work {
  public:
    // That of this thread.
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

    // A string or list of so many bytes comes to be.
    void make(size_t bytes) {
        bytes_ += counts() ? bytes : 0;
        check_limit("a template with texts", counts() ? bytes_ : 0, "bytes", max_template_bytes);
    }

    // So many bytes are copied or looked at.
    void copy(size_t bytes) {
        copies_ += counts() ? bytes : 0;
        check_limit("a template that copies texts", counts() ? copies_ : 0, "bytes", max_template_copies);
    }

    // `count` texts of `size` bytes come to be; no product of the two overflows.
    void make(size_t count, size_t size) {
        check_limit("a template that repeats a text", count, "times", max_template_bytes);
        check_limit("a template that repeats a text", size, "bytes", max_template_bytes);
        make(count * size);
    }

    size_t levels = 0;  // of what runs; for level_guard
    size_t depth  = 0;  // of a value that becomes text; for level_guard

    // Every value holds one.
    class counted {
      public:
        counted() { add(); }

        counted(const counted &) { add(); }

        counted & operator=(const counted &) { return *this; }

        ~counted() { current().values_--; }

      private:
        static void add() {
            // one that was made elsewhere may end here, so less than none is possible
            if (++current().values_ > (long long) max_template_values) {
                current().values_--;  // this one does not come to be
                check_limit("a template with values", max_template_values + 1, "at a time", max_template_values);
            }
        }
    };

  private:
    // What a request brings is no work of the template's, and what one rendering left behind is none of the next one's.
    bool counts() const { return levels + depth > 0; }

    size_t    steps_  = 0;
    size_t    bytes_  = 0;
    size_t    copies_ = 0;
    long long values_ = 0;
};

}  // namespace mkexe
