#pragma once

// Ends a server, and with it the program: after a signal, after a click on the page's button, after a time without
// requests, or together with the program that started it.

#include <functional>
#include <memory>

// Watches console events on Windows. On Unix, the signal handlers of llama.cpp are enough. To be called before the
// server starts. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void watch_console();

// Ends the process after 1.5 seconds, even if it still computes: a batch of a large model may take longer. Signal
// handlers may call it. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void end_soon();

// Cancels end_soon(), because the server has ended by itself. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void cancel_end();

// Reads standard input to its end. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void wait_for_end_of_input();

// Ends one server. After the destructor, its threads do nothing any more.
class server_end {
  public:
    server_end();
    ~server_end();
    server_end(const server_end &)             = delete;
    server_end & operator=(const server_end &) = delete;

    // From now on the server computes, and can end by itself. server_has_ended(): it has ended.
    void server_runs();
    void server_has_ended();

    // Any thread may call `report`. It is called if something other than a signal ends the server.
    void when_stopping(std::function<void()> report);

    // Ends the program a moment later, so that the response to the current request can be sent.
    void request();

    // Ends the program after so many minutes without computing and without requests that count as use.
    void when_idle(double minutes);

    // Ends the program when its standard input ends. If that is a pipe, it ends with the program at its other end, in
    // whatever way that program ends.
    void with_input();

    // A request came that counts as use.
    void note_activity();

  private:
    struct state;

    // shared with threads that wait for a time, or for input
    std::shared_ptr<state> state_;
};
