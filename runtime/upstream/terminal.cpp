#include "upstream/terminal.h"

#include "console.h"  // from llama.cpp

void open_terminal(bool simple, bool coloured) {
    console::init(simple, coloured);
}

void close_terminal() {
    console::cleanup();
}

void show_as(text_kind kind) {
    static constexpr display_type displays[] = { DISPLAY_TYPE_RESET, DISPLAY_TYPE_INFO, DISPLAY_TYPE_REASONING,
                                                 DISPLAY_TYPE_USER_INPUT };
    console::set_display(displays[int(kind)]);
}

void print(const std::string & text) {
    console::log("%s", text.c_str());
}

void print_error(const std::string & text) {
    console::error("%s", text.c_str());
}

void flush_terminal() {
    console::flush();
}

bool read_line(std::string & line) {
    return console::readline(line, false);
}
