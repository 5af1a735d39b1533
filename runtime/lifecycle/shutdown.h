#pragma once

// How a server ends, and with it the program: by a signal, by the page's button, because nobody asks any more, or with the program that
// started it.

#include <functional>
#include <memory>

// Windows' console events; on Unix upstream's signal handlers are enough. To be called before the server starts.
// Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void watch_console();

// Ends the process in a second and a half whatever it is doing: a batch of a large model may compute for longer. May be
// called in a signal handler. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void end_soon();

// The server has ended by itself: the process stays. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void cancel_end();

// Reads standard input to its end. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void wait_for_end_of_input();

// Ends one server. Its threads do nothing any more when it is gone.
class server_end {
  public:
    server_end();
    ~server_end();
    server_end(const server_end &)             = delete;
    server_end & operator=(const server_end &) = delete;

    // The server computes from now on, and can end by itself; it has ended.
    void server_runs();
    void server_has_ended();

    // `report` is called, by any thread, when something other than a signal ends the server.
    void when_stopping(std::function<void()> report);

    // Ends the program a moment later, so that the answer to this request still goes out.
    void request();

    // Ends the program when nobody has asked it anything, and it has computed nothing, for so long.
    void when_idle(double minutes);

    // Ends the program when its standard input ends: a pipe does when the program at its other end is gone, however that
    // ended.
    void with_input();

    // A request came that counts as use.
    void note_activity();

  private:
    struct state;

    // shared with threads that wait, for a time or for input
    std::shared_ptr<state> state_;
};
