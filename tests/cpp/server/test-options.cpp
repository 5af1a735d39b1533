#include "commands/command-options.h"
#include "server/options.h"

#include <doctest.h>

TEST_CASE("serve's own options are taken out, the others stay in order") {
    const auto parsed = parse_serve_options({ "--ctx-size", "4096", "--no-browser", "--exit-when-idle", "5", "--new",
                                              "--exit-with-input", "-t", "2", "--ephemeral", "--status-fd", "7" });
    REQUIRE_MESSAGE(parsed, parsed.message());
    const auto & options = parsed.value();
    CHECK(options.server_arguments == std::vector<std::string>{ "--ctx-size", "4096", "-t", "2" });
    CHECK_FALSE(options.open_browser);
    CHECK(options.new_instance);
    CHECK(options.idle_minutes == 5);
    CHECK(options.with_input);
    CHECK(options.chats == chat_place::nowhere);
    CHECK(options.status_fd == "7");
    CHECK_FALSE(parse_serve_options({}).value().with_input);
    CHECK(parse_serve_options({ "--exit-when-idle=7" }).value().idle_minutes == 7);
}

TEST_CASE("minutes that are none are refused") {
    for (const char * text : { "0", "-1", "soon", "", "5 minutes", "99999999", "nan" }) {
        const auto parsed = parse_serve_options({ "--exit-when-idle", text });
        REQUIRE_FALSE_MESSAGE(parsed, text);
        CHECK(parsed.message().find("expected a number of minutes above 0 and up to 525600") != std::string::npos);
    }
    CHECK_FALSE(parse_serve_options({ "--exit-when-idle" }));
}

TEST_CASE("an option that lacks its value is refused, a flag with one is none") {
    CHECK_FALSE(parse_serve_options({ "--status-fd" }));
    CHECK(parse_serve_options({ "--no-browser=yes" }).value().server_arguments ==
          std::vector<std::string>{ "--no-browser=yes" });
}

TEST_CASE("an option is found under each of its spellings") {
    const std::vector<std::string> words = { "-c", "1", "--port=9000" };
    CHECK(names_option(words, { "--port" }));
    CHECK(names_option(words, { "--ctx-size", "-c" }));
    CHECK_FALSE(names_option(words, { "--host" }));
}

TEST_CASE("a command's options are taken out, and the artifact's for serve do not count") {
    const auto parsed = parse_command_options({ "--no-browser", "-c", "256" },
                                              { "--prompt=Why?", "--system", "Be brief.", "--temp", "0" },
                                              { { "-p", "--prompt" }, { "--system" } });
    REQUIRE_MESSAGE(parsed, parsed.message());
    CHECK(value_of(parsed.value(), "-p", "") == "Why?");
    CHECK(value_of(parsed.value(), "--system", "") == "Be brief.");
    CHECK(value_of(parsed.value(), "--other", "none") == "none");
    CHECK(parsed.value().server.arguments == std::vector<std::string>{ "-c", "256", "--temp", "0" });
    CHECK_FALSE(parse_command_options({}, { "-p" }, { { "-p" } }));
}
