#include "base/exit-status.h"
#include "base/safe-text.h"
#include "commands/commands.h"
#include "platform/console.h"

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
