#include "server/status.h"

#include "base/json-text.h"
#include "base/safe-text.h"
#include "lifecycle/loading.h"

using json = nlohmann::ordered_json;

// systemd's STATUS= has one line
static std::string one_line(std::string text) {
    return safe_line(text.substr(0, text.find('\n')));
}

void start_status::say(const json & event) const {
    channel_.write(json_text(event) + "\n");
}

void start_status::listening(const std::string & address, const std::vector<std::string> & addresses) const {
    say(json{ { "event", "listening" }, { "address", address }, { "addresses", addresses } });
    supervisor_.notify("STATUS=Loading the model");
}

void start_status::loading(const loading_progress & progress) const {
    say(json{ { "event", "loading" }, { "fraction", progress.fraction } });
    supervisor_.notify("STATUS=Loading the model, " + std::to_string(int(progress.fraction * 100)) + " %");
}

void start_status::ready() const {
    say(json{ { "event", "ready" } });
    supervisor_.notify("READY=1\nSTATUS=Ready");
}

// Constant texts: a signal handler must not allocate memory (signal-safety(7)).
void start_status::stopping() {
    if (!stopping_.exchange(true)) {
        channel_.write("{\"event\":\"stopping\"}\n");
        supervisor_.notify("STOPPING=1");
    }
}

void start_status::failed(const std::string & message, int status) const {
    say(json{ { "event", "failed" }, { "status", status }, { "message", message } });
    supervisor_.notify("STATUS=" + one_line(message));
}
