// Serves an artifact twice in one process, one session after the other, and sends requests to both
// (tests/native/test_sessions.py). Prints the answers of each session as a line of JSON.

#include "artifact/artifact.h"
#include "base/json-text.h"
#include "server/serve.h"

#include <cpp-httplib/httplib.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

using json = nlohmann::ordered_json;

static json get(httplib::Client & client, const std::string & path) {
    const auto answer = client.Get(path);
    return answer ? json::parse(answer->body, nullptr, false) : json();
}

// Asks the session for its facts, and ends it.
static json ask(const std::string & address) {
    const auto      path = address.find('/', address.find("://") + 3);
    const auto      base = address.substr(path);
    httplib::Client client(address.substr(0, path));
    client.set_read_timeout(60);
    const auto session  = get(client, base + "mkexe/session");
    const auto token    = session.value("token", "");
    const auto question = json{ { "prompt", "Once" }, { "n_predict", 4 }, { "temperature", 0 } };
    const auto answer   = client.Post(base + "completion", json_text(question), "application/json");
    const auto content  = answer ? json::parse(answer->body, nullptr, false).value("content", "") : "";
    client.Post(base + "mkexe/quit", { { "X-Mkexe-Token", token } }, "{}", "application/json");
    return { { "address", address }, { "token", token }, { "answer", content } };
}

// Reads the lines of --status-fd until the session has ended.
static json follow(int status) {
    json        found;
    std::string line, address;
    json        events = json::array();
    for (char letter; read(status, &letter, 1) == 1;) {
        if (letter != '\n') {
            line += letter;
            continue;
        }
        const auto event = json::parse(line);
        const auto name  = event.value("event", "");
        events.push_back(name);
        address = event.value("address", address);
        if (name == "ready") {
            found = ask(address);
        }
        line.clear();
    }
    close(status);
    found["events"] = events;
    return found;
}

int main(int, char ** arguments) {
    // If a server needs longer than a second to end, end_soon() ends the process. This test allows more time.
    sigset_t end_of_patience;
    sigemptyset(&end_of_patience);
    sigaddset(&end_of_patience, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &end_of_patience, nullptr);

    const auto source = open_artifact(arguments[1]);
    if (!source) {
        std::fprintf(stderr, "%s\n", source.message().c_str());
        return 1;
    }
    for (const std::string prefix : { "/first", "/second" }) {
        int ends[2];
        if (pipe(ends) != 0) {
            return 1;
        }
        json        answers;
        std::thread client([&] { answers = follow(ends[0]); });
        const int   status = serve(source.value(), { "--no-browser", "--new", "--ephemeral", "--port", "0",
                                                     "--api-prefix", prefix, "--status-fd", std::to_string(ends[1]) });
        client.join();
        answers["status"] = status;
        std::printf("%s\n", json_text(answers).c_str());
    }
    return 0;
}
