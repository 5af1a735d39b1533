#pragma once

// How far the loading of the weights is.

#include "artifact/artifact.h"

#include <cstdint>
#include <functional>
#include <memory>

struct loading_progress {
    bool     ready        = false;
    double   fraction     = 0;  // of the weights' bytes, 0 to 1
    uint64_t bytes_total  = 0;
    double   seconds_left = -1;  // below 0 until it can be said
};

class loading {
  public:
    loading();
    ~loading();
    loading(const loading &)             = delete;
    loading & operator=(const loading &) = delete;

    // Is called, by any thread, when another hundredth is loaded; at once where something is loaded already.
    void when_moved(std::function<void(const loading_progress &)> tell);

    // From now on the artifact's weights are being loaded.
    void begin(const artifact & source);

    // So much of the tensors is in its place, 0 to 1.
    void note_placed(double fraction);

    void end();

    loading_progress read() const;

  private:
    struct state;

    // shared with the thread that reads ahead, which nobody waits for: a read of a slow disk may take long
    std::shared_ptr<state> state_;
};
