#pragma once

// The console of llama.cpp's command line: colours, and a line editor with a history.

#include <string>

enum class text_kind { plain, info, reasoning, typed };

// `simple`: without the line editor, because no person types. Also sets the user's locale.
void open_terminal(bool simple, bool coloured);

// Restores the state of the terminal.
void close_terminal();

// Sets the colour and style of the following text.
void show_as(text_kind kind);

void print(const std::string & text);
void print_error(const std::string & text);

// Writes all printed text to the terminal.
void flush_terminal();

// Reads a line, with its newline. Returns whether another line follows.
bool read_line(std::string & line);
