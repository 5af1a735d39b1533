#include "crash.h"

#include "crash-words.h"
#include "ggml.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>
#include <vector>

static char   program_name[512] = "This program";
static char   log_path[4096];
// for ever: a thread may still read weights while main ends
static auto & paths = *new std::vector<std::string>;
static auto & files = *new std::vector<mapped_file>;

// What steers a terminal does not reach it; lines end where this program ends them.
static char shown(char letter) {
    return ((unsigned char) letter < ' ' && letter != '\n') || letter == 127 ? '?' : letter;
}

fixed_text & fixed_text::add(const char * text) {
    while (*text != '\0' && size_ + 1 < sizeof(text_)) {
        text_[size_++] = shown(*text++);
    }
    return *this;
}

fixed_text & fixed_text::add_number(uint64_t number) {
    char   digits[24] = {};
    char * first      = digits + sizeof(digits) - 1;
    do {
        *--first = char('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return add(first);
}

fixed_text & fixed_text::add_address(uintptr_t address) {
    char   digits[24] = {};
    char * first      = digits + sizeof(digits) - 1;
    do {
        *--first = "0123456789abcdef"[address % 16];
        address /= 16;
    } while (address > 0);
    return add("0x").add(first);
}

static void copy_text(const std::string & text, char * place, size_t size) {
    const size_t count = std::min(text.size(), size - 1);
    std::replace_copy(text.begin(), text.begin() + std::ptrdiff_t(count), place, '\n', '?');
    place[count] = '\0';
}

const char * crash_log() {
    return log_path;
}

void end_by_crash(const char * cause, exit_status status) {
    begin_last_words();
    fixed_text text;
    text.add("\n").add(program_name).add(" cannot go on: ").add(cause);
    if (log_path[0] != '\0') {
        text.add("\nThe log: ").add(log_path);
    }
    text.add("\n");
    end_with_words(text, status);
}

static void add_lost_file(fixed_text & cause, const mapped_file & file) {
    uint64_t   size  = 0;
    const bool there = size_of_path(file.path, size);
    cause.add("the file ").add(file.path).add(" was cut off, or its disk went away, while the program ran: expected ");
    cause.add_number(file.size).add(" bytes, ");
    if (there) {
        cause.add("found ").add_number(size);
    } else {
        cause.add("and it cannot be found any more");
    }
    cause.add(".\nCopy it again, and then start it again.");
}

void end_by_lost_file(bool surely) {
    for (const auto & file : files) {
        uint64_t size = 0;
        if (!size_of_path(file.path, size) || size < file.size) {
            fixed_text cause;
            add_lost_file(cause, file);
            end_by_crash(cause.begin(), exit_damaged);
        }
    }
    if (surely) {
        end_by_crash("a file that it reads was cut off, or its disk has an error.", exit_damaged);
    }
}

static void on_ggml_abort(const char * message) {
    fixed_text cause;
    if (thread_problem()[0] != '\0') {
        end_by_crash(thread_problem(), exit_failed);
    }
    cause.add("an error in llama.cpp, ").add(message).add(".").add(limit_hint());
    end_by_crash(cause.begin(), exit_crashed);
}

// Says what the exception says that nobody caught.
[[noreturn]] static void on_terminate() {
    fixed_text cause;
    if (const auto thrown = std::current_exception(); thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::bad_alloc &) {
            cause.add("there is no more memory for it.").add(limit_hint());
            end_by_crash(cause.begin(), exit_memory);
        } catch (const std::system_error & error) {
            if (thread_problem()[0] != '\0') {
                end_by_crash(thread_problem(), exit_failed);
            }
            cause.add("an unexpected error, ").add(error.what()).add(".");
        } catch (const std::exception & error) {
            cause.add("an unexpected error, ").add(error.what()).add(".").add(limit_hint());
        } catch (...) {
            cause.add("an unexpected error of an unknown kind.");
        }
    } else {
        cause.add("an unexpected error (std::terminate).");
    }
    end_by_crash(cause.begin(), exit_crashed);
}

void explain_limits() {
    if (const char * problem = any_thread_problem(); problem[0] != '\0') {
        std::fprintf(stderr, "The cause: %s\n", problem);
    } else if (const char * hint = limit_hint(); hint[0] != '\0') {
        std::fprintf(stderr, "%s\n", hint + 1);
    }
}

void watch_crashes() {
    watch_system_crashes();
    std::set_terminate(on_terminate);
    ggml_set_abort_callback(on_ggml_abort);
}

void name_in_crashes(const artifact & source) {
    copy_text(source.path.substr(source.path.find_last_of("/\\") + 1), program_name, sizeof(program_name));
    paths = { source.path };
    files = { { nullptr, source.size } };
    for (const auto & model : source.contents.models) {
        for (const auto & part : model.parts) {
            if (part.is_beside) {
                paths.push_back(part.path);
                files.push_back({ nullptr, part.size });
            }
        }
    }
    for (size_t i = 0; i < files.size(); i++) {
        files[i].path = paths[i].c_str();
    }
}

void name_log_in_crashes(const std::string & path) {
    copy_text(path, log_path, sizeof(log_path));
}
