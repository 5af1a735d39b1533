#pragma once

// Limits how many bytes of bodies all requests hold at the same time. One thread reads and answers a whole request, so the
// bytes that a thread holds belong to its request.

#include <atomic>
#include <cstddef>

class body_budget {
  public:
    body_budget();

    // Marks that this thread answers a request. Its destructor returns the bytes of the body to the budget.
    class request {
      public:
        explicit request(body_budget & budget);
        ~request();
        request(const request &)             = delete;
        request & operator=(const request &) = delete;

      private:
        friend class body_budget;
        body_budget & budget_;
        size_t        held_    = 0;  // bytes
        size_t        counted_ = 0;  // bytes of these that count against the budget
    };

    // Call this before this thread stores `bytes` more. Returns false if there is no room. The first bytes of each body do
    // not count, so that small requests are answered while large ones wait.
    bool take(size_t bytes);

    // How many bytes all requests may hold. `memory_free` is in bytes, or 0 if it is unknown.
    static size_t bytes_for(size_t memory_free);

  private:
    const size_t        limit_;
    std::atomic<size_t> counted_of_all_{ 0 };
};
