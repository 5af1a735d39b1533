#pragma once

// Upstream's console, as its own command line has it: colours, and a line editor with a history.

#include <string>

enum class text_kind { plain, info, reasoning, typed };

// `simple`: without the line editor, where no person is at the other end. It takes the user's locale.
void open_terminal(bool simple, bool coloured);

// Puts the terminal's state back.
void close_terminal();

// How what follows looks.
void show_as(text_kind kind);

void print(const std::string & text);
void print_error(const std::string & text);

// Lets everything that was printed appear.
void flush_terminal();

// Reads a line, with its newline; whether another line follows.
bool read_line(std::string & line);
