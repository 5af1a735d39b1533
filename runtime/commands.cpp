#include "commands.h"

#include "build-info.h"
#include "console-text.h"
#include "exit-status.h"
#include "files.h"
#include "platform.h"
#include "safe-text.h"

#include <cstdio>
#include <memory>

int show_version() {
    std::printf("mkexe runtime %s (%s), llama.cpp %s\n", MKEXE_VERSION, MKEXE_TARGET, llama_commit());
    return exit_good;
}

static void show_model(const bundled_model & model) {
    std::printf("%-8s %s (architecture %s, licence %s, %.1f MB", model.role.c_str(), model.name.c_str(),
                model.architecture.c_str(), model.license.empty() ? "not stated" : model.license.c_str(),
                model_bytes(model) / 1e6);
    std::printf(model.parts.size() > 1 ? ", %zu parts)\n" : ")\n", model.parts.size());
    for (const auto & part : model.parts) {
        std::printf("         %s at offset %llu, SHA-256 %s\n", safe_line(part.name).c_str(),
                    (unsigned long long) part.offset, to_hex(part.sha256).c_str());
    }
}

int show_info(const artifact & source, bool as_json) {
    const auto & contents = source.contents;
    if (as_json) {
        print_result(contents.text + "\n");
        return exit_good;
    }
    std::printf("%-8s %s\n%-8s %s\n", "name", contents.name.c_str(), "title", contents.title.c_str());
    std::printf("%-8s %s, %.1f MB\n", "file", safe_line(source.path).c_str(), source.size / 1e6);
    std::printf("%-8s %s by %s\n", "made", contents.created.c_str(), contents.generator.c_str());
    for (const auto & model : contents.models) {
        show_model(model);
    }
    for (const auto & runtime : contents.runtimes) {
        std::printf("%-8s %s\n", "runs on", runtime.target.c_str());
    }
    std::printf("%-8s", "options");
    for (const auto & argument : contents.default_args) {
        std::printf(" %s", safe_line(argument).c_str());
    }
    std::printf("\n");
    return exit_good;
}

// Empty where the range is whole, else what is wrong.
static std::string check_range(const stored_range & range) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(open_for_reading(range.path), std::fclose);
    if (!file) {
        return "cannot be read: " + reading_problem();
    }
    if (!seek_to(file.get(), range.offset)) {
        return "cannot be read";
    }
    std::vector<char> buffer(1 << 20);
    sha256_hasher     hasher;
    for (uint64_t left = range.size; left > 0;) {
        const size_t count = std::fread(buffer.data(), 1, left < buffer.size() ? left : buffer.size(), file.get());
        if (count == 0) {
            return "ends " + std::to_string(left) + " bytes early";
        }
        hasher.update(buffer.data(), count);
        left -= count;
    }
    if (std::fgetc(file.get()) != EOF && range.is_beside) {
        return "is longer than " + std::to_string(range.size) + " bytes";
    }
    const auto found = hasher.finish();
    return found == range.sha256 ? "" : "expected " + to_hex(range.sha256) + ", found " + to_hex(found);
}

int verify(const artifact & source) {
    int damaged = 0;
    for (const auto & range : all_ranges(source.contents)) {
        const auto name    = range.name.empty() ? "the program" : safe_line(range.name);
        const auto problem = check_range(range);
        std::printf("%s  %s\n", problem.empty() ? "good   " : "DAMAGED", name.c_str());
        if (!problem.empty()) {
            say(safe_line(range.path) + ": " + name + " at offset " + std::to_string(range.offset) + ": " + problem);
            damaged++;
        }
    }
    if (damaged > 0) {
        say(damaged_hint);
        return exit_damaged;
    }
    return exit_good;
}

int show_licenses(const artifact & source) {
    for (const auto & range : source.contents.files) {
        const bool licence = range.name.rfind("licenses/", 0) == 0 || range.name == "page/third-party.txt";
        if (!licence) {
            continue;
        }
        const auto text = read_range(range);
        if (!text) {
            say(text.message() + "\n" + damaged_hint);
            return exit_damaged;
        }
        print_result("===== " + safe_line(range.name) + "\n\n" + text.value() + "\n");
    }
    return exit_good;
}
