#include "server/status.h"

#include "base/json-text.h"
#include "base/safe-text.h"
#include "lifecycle/loading.h"

using json = nlohmann::ordered_json;

// systemd's STATUS= is one line
static std::string one_line(std::string text) {
    return safe_line(text.substr(0, text.find('\n')));
}

void start_status::listening(const std::string & address, const std::vector<std::string> & addresses) const {
    channel_.write(json_text(json{ { "event", "listening" }, { "address", address }, { "addresses", addresses } }));
    notify_supervisor("STATUS=Loading the model");
}

void start_status::loading(const loading_progress & progress) const {
    channel_.write(json_text(json{ { "event", "loading" }, { "fraction", progress.fraction } }));
    notify_supervisor("STATUS=Loading the model, " + std::to_string(int(progress.fraction * 100)) + " %");
}

void start_status::ready() const {
    channel_.write(json_text(json{ { "event", "ready" } }));
    notify_supervisor("READY=1\nSTATUS=Ready");
}

void start_status::stopping() const {
    channel_.write(json_text(json{ { "event", "stopping" } }));
    notify_supervisor("STOPPING=1");
}

void start_status::failed(const std::string & message, int status) const {
    channel_.write(json_text(json{ { "event", "failed" }, { "status", status }, { "message", message } }));
    notify_supervisor("STATUS=" + one_line(message));
}
