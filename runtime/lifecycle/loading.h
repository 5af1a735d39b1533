#pragma once

// Measures how much of the weights is loaded.

#include "artifact/artifact.h"

#include <cstdint>
#include <functional>
#include <memory>

struct loading_progress {
    bool     ready        = false;
    double   fraction     = 0;  // of the bytes of the weights, 0 to 1
    uint64_t bytes_total  = 0;
    double   seconds_left = -1;  // below 0 as long as it is unknown
};

class loading {
  public:
    loading();
    ~loading();
    loading(const loading &)             = delete;
    loading & operator=(const loading &) = delete;

    // Any thread may call it, each time another hundredth is loaded. It is called at once if something is loaded
    // already.
    void when_moved(std::function<void(const loading_progress &)> tell);

    // The loading of the artifact's weights starts.
    void begin(const artifact & source);

    // This fraction of the tensors is in its place, 0 to 1.
    void note_placed(double fraction);

    void end();

    loading_progress read() const;

  private:
    struct state;

    // shared with the thread that reads ahead; nobody waits for that thread, because a slow disk may take long
    std::shared_ptr<state> state_;
};
