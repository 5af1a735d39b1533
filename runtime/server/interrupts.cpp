#include "server/interrupts.h"

#include "base/exit-status.h"
#include "platform/system.h"
#include "platform/terminal-state.h"

#include <cstdlib>

// For the signal handler.
static std::atomic<interrupts *> watching = nullptr;

interrupts::interrupts() {
    watching = this;
    handle_interrupt(on_interrupt);
}

interrupts::~interrupts() {
    watching = nullptr;
}

void interrupts::on_interrupt() {
    if (auto * found = watching.load()) {
        found->take();
    }
}

// Runs in the signal handler.
void interrupts::take() {
    if (loading_) {
        std::_Exit(exit_interrupted);
    }
    came_ = true;
    if (reading_line_) {  // Ctrl-C may have come before the read began
        presses_ = 0;
        end_waiting_read();
    } else if (++presses_ > (patient_ ? 2 : 1)) {
        restore_terminal();
        std::_Exit(exit_interrupted);
    }
}

void interrupts::set_reading_line(bool reading) {
    reading_line_ = reading;
    if (!reading) {
        forget_waiting_read();
    }
}

void interrupts::forget() {
    came_    = false;
    presses_ = 0;
}
