#include "app/app.h"
#include "base/exit-status.h"

bool is_opened_as_app(const std::vector<std::string> &) {
    return false;
}

int run_app(const artifact &) {
    return exit_unsupported;
}
