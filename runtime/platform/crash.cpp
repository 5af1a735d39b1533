#include "platform/crash.h"

#include "base/safe-text.h"
#include "platform/crash-words.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>

static char program_name[512] = "This program";
static char log_path[4096];
static char shown_log_path[4096];

static constexpr size_t max_mapped_files = 1024;

// never freed: a thread may still read weights while main ends
static mapped_file files[max_mapped_files];
static size_t      file_count = 0;

// Removes control characters. Only this program ends lines.
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
    std::copy_n(text.begin(), count, place);
    place[count] = '\0';
}

const char * crash_log() {
    return log_path;
}

void end_by_crash(const char * cause, exit_status status) {
    begin_last_words();
    fixed_text text;
    text.add("\n").add(program_name).add(" cannot continue: ").add(cause);
    if (log_path[0] != '\0') {
        text.add("\nThe log: ").add(shown_log_path);
    }
    text.add("\n");
    end_with_words(text, status);
}

static void add_lost_file(fixed_text & cause, const mapped_file & file) {
    uint64_t   size   = 0;
    const bool exists = size_of_path(file.path, size);
    cause.add("the file ")
        .add(file.shown)
        .add(" was cut off, or its disk disappeared, while the program ran: expected ");
    cause.add_number(file.size).add(" bytes, ");
    if (exists) {
        cause.add("found ").add_number(size);
    } else {
        cause.add("and the file no longer exists");
    }
    cause.add(".\nCopy the file again, and then start it again.");
}

void end_by_lost_file(bool surely) {
    for (size_t i = 0; i < file_count; i++) {
        const auto & file = files[i];
        uint64_t     size = 0;
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

void end_by_library(const char * library, const char * message) {
    const bool no_memory = errno == ENOMEM;  // llama.cpp's message says only that there is no buffer
    fixed_text cause;
    if (thread_problem()[0] != '\0') {
        end_by_crash(thread_problem(), exit_failed);
    }
    if (no_memory) {
        cause.add("there is no more memory for it (").add(message).add(").").add(limit_hint());
        end_by_crash(cause.begin(), exit_memory);
    }
    cause.add("an error in ").add(library).add(", ").add(message).add(".").add(limit_hint());
    end_by_crash(cause.begin(), exit_crashed);
}

// Reports the message of an exception that nobody caught.
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
    std::set_terminate(on_terminate);
    watch_system_crashes();
}

static const char * keep(const std::string & text) {
    return (new std::string(text))->c_str();
}

void name_in_crashes(const std::string & program, const std::vector<sized_file> & mapped) {
    copy_text(safe_line(program), program_name, sizeof(program_name));
    file_count = 0;
    for (const auto & file : mapped) {
        if (file_count < max_mapped_files) {
            files[file_count++] = { keep(file.path), keep(safe_line(file.path)), file.size };
        }
    }
}

void name_log_in_crashes(const std::string & path) {
    copy_text(path, log_path, sizeof(log_path));
    copy_text(safe_line(path), shown_log_path, sizeof(shown_log_path));
}
