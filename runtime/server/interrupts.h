#pragma once

// What Ctrl-C does in a command that asks the model. While the model is loading, it ends the program. During an answer,
// the first one stops the answer, and the second one ends the program (in a chat, the third one does). At a prompt it
// ends only the line.

#include <atomic>

class interrupts {
  public:
    interrupts();
    ~interrupts();
    interrupts(const interrupts &)             = delete;
    interrupts & operator=(const interrupts &) = delete;

    // The model is loaded.
    void set_loaded() { loading_ = false; }

    // Also ignores a second Ctrl-C while an answer is stopping; the third one ends the program.
    void be_patient() { patient_ = true; }

    // Whether the program is reading a line, which Ctrl-C then ends.
    void set_reading_line(bool reading);

    // Whether Ctrl-C came since the last call of forget().
    bool came() const { return came_; }
    void forget();

  private:
    static void on_interrupt();
    void        take();

    std::atomic<bool> loading_{ true };
    std::atomic<bool> came_{ false };
    std::atomic<bool> reading_line_{ false };
    std::atomic<bool> patient_{ false };
    std::atomic<int>  presses_{ 0 };
};
