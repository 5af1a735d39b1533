#include "base/exit-status.h"
#include "commands/program.h"
#include "platform/console.h"
#include "platform/crash.h"
#include "platform/system.h"
#include "upstream/aborts.h"

int main(int argc, char ** argv) {
    watch_crashes();
    watch_aborts();
    watch_results();
    prepare_console();
    const int status = run_program(utf8_arguments(argc, argv));
    if (status == exit_failed || status == exit_damaged || status == exit_memory) {
        explain_limits();
    }
    if (status != exit_good) {
        keep_console_open();
    }
    return status;
}
