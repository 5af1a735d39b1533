#include "base/exit-status.h"
#include "base/safe-text.h"
#include "base/text.h"
#include "commands/commands.h"
#include "platform/console.h"
#include "upstream/version.h"

#include <cstdio>

int show_version() {
    std::printf("mkexe runtime %s (%s), llama.cpp %s\n", MKEXE_VERSION, MKEXE_TARGET, upstream_commit());
    return exit_good;
}

static void show_model(const bundled_model & model) {
    std::printf("%-8s %s (architecture %s, licence %s, %s", model.role.c_str(), model.name.c_str(),
                model.architecture.c_str(), model.license.empty() ? "not stated" : model.license.c_str(),
                megabytes(double(model_bytes(model))).c_str());
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
    std::printf("%-8s %s, %s\n", "file", safe_line(source.path).c_str(), megabytes(double(source.size)).c_str());
    std::printf("%-8s %s by %s\n", "made", contents.created.c_str(), contents.generator.c_str());
    for (const auto & model : contents.models) {
        show_model(model);
    }
    for (const auto & runtime : contents.runtimes) {
        std::printf("%-8s %s\n", "runs on", runtime.target.c_str());
    }
    if (!contents.default_args.empty()) {
        std::printf("%-8s", "options");
        for (const auto & argument : contents.default_args) {
            std::printf(" %s", safe_line(argument).c_str());
        }
        std::printf("\n");
    }
    return exit_good;
}
