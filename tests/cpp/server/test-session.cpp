#include "platform/files.h"
#include "server/session.h"
#include "support/sample.h"
#include "support/temporary-folder.h"

#include <cpp-httplib/httplib.h>
#include <doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>

static httplib::Response answer_to(const char * method, const char * origin) {
    httplib::Request  request;
    httplib::Response response;
    request.method = method;
    request.set_header("Host", "127.0.0.1:8080");
    request.set_header("Origin", origin);
    mkexe::current().admit(request, response);
    return response;
}

// One session follows the other, as in a program that serves first one model and then the next.
TEST_CASE("a session leaves nothing behind for the next one") {
    const temporary_file file(sample_artifact());
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    const auto & source = opened.value();
    {
        session first(source, true);
        REQUIRE(first.files.read(source));
        first.guard = request_guard({ true, { "https://friend.example" }, "default-src 'self'" });
        first.routes =
            std::make_unique<mkexe_routes>(routes_settings{ "tiny", "/llm", "", true }, first.progress, first.end);
        first.log.show_on_console(true);
        CHECK(mkexe::current().shows_log(GGML_LOG_LEVEL_ERROR, "no such luck"));
        CHECK(first.log.first_errors() == "no such luck\n");
        CHECK(mkexe::current().is_own_path("/llm/mkexe/session"));
        CHECK(mkexe::current().file_of("mkexe:/models/tiny.gguf") == file.path());
        CHECK(answer_to("POST", "https://friend.example").status != 403);
        CHECK(llama_ui_get_assets().size() == 2);
        mkexe::current().on_loading(0.5F);
        mkexe::current().on_ended();
    }
    CHECK_FALSE(mkexe::current().is_own_path("/llm/mkexe/session"));
    CHECK(mkexe::current().file_of("mkexe:/models/tiny.gguf") == "mkexe:/models/tiny.gguf");
    session second(source, true);
    CHECK(second.log.first_errors().empty());
    CHECK_FALSE(mkexe::current().shows_log(GGML_LOG_LEVEL_INFO, "quiet"));
    CHECK_FALSE(mkexe::current().is_own_path("/llm/mkexe/session"));
    CHECK_FALSE(mkexe::current().is_own_path("/mkexe/session"));
    CHECK(answer_to("POST", "https://friend.example").status == 403);
    CHECK(llama_ui_get_assets().empty());
    CHECK(second.progress.read().fraction == 0);
    CHECK(mkexe::current().file_of("mkexe:/models/tiny.gguf") == file.path());
}

static std::string read_all(int file) {
    std::string text;
    char        bytes[4096];
    for (ssize_t count; (count = read(file, bytes, sizeof(bytes))) > 0;) {
        text.append(bytes, size_t(count));
    }
    return text;
}

TEST_CASE("the one that gave --status-fd hears how a start goes, in JSON lines") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    {
        start_status status;
        REQUIRE(status.open(std::to_string(ends[1])));
        CHECK((fcntl(ends[1], F_GETFD) & FD_CLOEXEC) != 0);
        status.listening("http://127.0.0.1:8080/", { "http://127.0.0.1:8080", "http://[::1]:8080" });
        loading_progress progress;
        progress.fraction = 0.25;
        status.loading(progress);
        status.ready();
        status.stopping();
        status.failed("no \"room\"\n\xff", 14);
    }
    CHECK(
        read_all(ends[0]) ==
        R"({"event":"listening","address":"http://127.0.0.1:8080/","addresses":["http://127.0.0.1:8080","http://[::1]:8080"]})"
        "\n"
        R"({"event":"loading","fraction":0.25})"
        "\n"
        R"({"event":"ready"})"
        "\n"
        R"({"event":"stopping"})"
        "\n"
        R"({"event":"failed","status":14,"message":"no \"room\"\n)"
        "\xEF\xBF\xBD\"}\n");
    close(ends[0]);
}

TEST_CASE("what cannot be written to is no descriptor for a status") {
    const int file = open("/dev/null", O_RDONLY);
    for (const std::string number : { "", "-1", "x", "3x", "999999", "99999999999", std::to_string(file).c_str() }) {
        start_status status;
        CHECK_FALSE_MESSAGE(status.open(number), number);
    }
    close(file);
}

TEST_CASE("nobody waits for a reader who left") {
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    start_status status;
    REQUIRE(status.open(std::to_string(ends[1])));
    status.ready();
}
