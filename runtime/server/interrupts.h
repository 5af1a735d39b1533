#pragma once

// What Ctrl-C does while this terminal asks a model: while the model is loaded it ends the program; while an answer is
// being stopped, so does the second one, or the third where a chat would be lost. At a prompt it only ends the line.

#include <atomic>

class interrupts {
  public:
    interrupts();
    ~interrupts();
    interrupts(const interrupts &)             = delete;
    interrupts & operator=(const interrupts &) = delete;

    // The model is loaded.
    void set_loaded() { loading_ = false; }

    // A second Ctrl-C, while an answer is still being stopped, is let pass too: the third ends the program.
    void be_patient() { patient_ = true; }

    // Whether a line is read from the terminal now, which Ctrl-C then ends.
    void set_reading_line(bool reading);

    // Ctrl-C since the last call of forget().
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
