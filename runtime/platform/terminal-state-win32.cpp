#include "platform/terminal-state.h"

void keep_terminal(bool) {}

void restore_terminal() {}
