#pragma once

// How many bytes of bodies all requests hold at the same time. A thread answers one request from its first byte to its
// last, so what it holds belongs to that request.

#include <atomic>
#include <cstddef>

class body_budget {
  public:
    body_budget();

    // While it lives, this thread answers a request; at its end nothing of the body is held.
    class request {
      public:
        explicit request(body_budget & budget);
        ~request();
        request(const request &)             = delete;
        request & operator=(const request &) = delete;

      private:
        friend class body_budget;
        body_budget & budget_;
        size_t        held_  = 0;
        size_t        taken_ = 0;  // of that, what counts
    };

    // Before this thread keeps that many bytes more. False where there is no room; the first of each body are free, so
    // that small requests are answered while large ones wait.
    bool take(size_t bytes);

    // What all may hold, by the memory that is free, which is 0 where nobody knows.
    static size_t most(size_t memory_free);

  private:
    const size_t        limit_;
    std::atomic<size_t> taken_by_all_{ 0 };
};
