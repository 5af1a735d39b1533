#include "exit-status.h"
#include "platform.h"
#include "program.h"

int main(int argc, char ** argv) {
    prepare_console();
    const int status = run_program(utf8_arguments(argc, argv));
    if (status != exit_good) {
        keep_console_open();
    }
    return status;
}
