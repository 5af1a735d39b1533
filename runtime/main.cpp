#include "platform.h"
#include "program.h"

int main(int argc, char ** argv) {
    prepare_console();
    return run_program(utf8_arguments(argc, argv));
}
