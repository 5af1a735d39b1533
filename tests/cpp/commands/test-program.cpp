#include "base/digest.h"
#include "base/exit-status.h"
#include "commands/program.h"
#include "support/sample.h"

#include <doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

struct finished {
    int         status;
    std::string out;
    std::string err;
};

// Writes the output to a descriptor into a file, as long as the object exists.
class redirection {
  public:
    explicit redirection(int descriptor) : descriptor_(descriptor), saved_(dup(descriptor)), file_("") {
        const int target = open(file_.path().c_str(), O_WRONLY);
        dup2(target, descriptor_);
        close(target);
    }

    ~redirection() {
        dup2(saved_, descriptor_);
        close(saved_);
    }

    std::string text() const {
        std::ostringstream text;
        text << std::ifstream(file_.path()).rdbuf();
        return text.str();
    }

  private:
    int            descriptor_;
    int            saved_;
    temporary_file file_;
};

static finished run(const std::string & artifact, std::vector<std::string> arguments) {
    const environment_variable named("MKEXE_ARTIFACT", artifact);
    std::fflush(stdout);
    const redirection out(STDOUT_FILENO), err(STDERR_FILENO);
    arguments.insert(arguments.begin(), "program");
    const int status = run_program(arguments);
    std::fflush(stdout);
    return { status, out.text(), err.text() };
}

static bool holds(const std::string & text, const std::string & part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("version and help need no artifact") {
    const auto version = run("/nowhere/tiny", { "--version" });
    CHECK(version.status == exit_good);
    CHECK(version.out.find("mkexe runtime ") == 0);
    CHECK(holds(version.out, ", llama.cpp "));
    for (const char * option : { "--help", "-h" }) {
        const auto help = run("/nowhere/tiny", { option });
        CHECK(help.status == exit_good);
        CHECK(help.out.find("usage: tiny [COMMAND] [OPTIONS]\n") == 0);
        CHECK(help.err == "");
        CHECK(run("/nowhere/tiny", { "info", option }).out.find("usage: tiny info [--json]\n") == 0);
    }
}

TEST_CASE("a wrong command line is a usage error, in one sentence") {
    const temporary_file file(sample_artifact());
    const auto           command = run(file.path(), { "frobnicate" });
    CHECK(command.status == exit_usage);
    CHECK(command.err ==
          "\"frobnicate\" is not a command: expected one of serve, chat, run, bench, info, doctor, health, verify, "
          "clean, licenses. Try "
          "--help.\n");
    const auto mistyped = run(file.path(), { "sevre" });
    CHECK(mistyped.status == exit_usage);
    CHECK(mistyped.err == "\"sevre\" is not a command: did you mean serve? Try --help.\n");
    const std::pair<std::string, std::string> answers[] = {
        { "info", ": did you mean --json?" },
        { "doctor", ": did you mean --json?" },
        { "verify", "." },
    };
    for (const auto & [name, advice] : answers) {
        const auto argument = run(file.path(), { name, "--jsn" });
        CHECK(argument.status == exit_usage);
        CHECK(argument.err == name + ": unexpected argument \"--jsn\"" + advice + " Try " + name + " --help.\n");
        CHECK(argument.out == "");
    }
}

TEST_CASE("an artifact that cannot be used is told with advice") {
    const auto missing = run("/nowhere/tiny", { "info" });
    CHECK(missing.status == exit_failed);
    CHECK(missing.err.rfind("/nowhere/tiny: No such file or directory\nThis file contains the model", 0) == 0);
    const temporary_file file("GGUF");
    CHECK(run(file.path(), { "serve" }).status == exit_damaged);
}

TEST_CASE("info prints what is inside") {
    const temporary_file file(sample_artifact());
    const auto           as_json = run(file.path(), { "info", "--json" });
    CHECK(as_json.status == exit_good);
    CHECK(as_json.out == sample_document().dump() + "\n");
    const auto readable = run(file.path(), { "info" });
    CHECK(readable.status == exit_good);
    CHECK(holds(readable.out, "title    Käse\n"));
    CHECK(holds(readable.out, "model    Tiny (architecture llama, licence cc0-1.0, 0.0 MB)\n"));
    CHECK(holds(readable.out, "models/tiny.gguf at offset 65536, SHA-256 " + to_hex(sha256("GGUF and weights", 16))));
    CHECK(holds(readable.out, "options  -c 128\n"));
    auto document            = sample_document();
    document["default_args"] = nlohmann::json::array();
    const temporary_file plain(sample_artifact(document.dump()));
    CHECK_FALSE(holds(run(plain.path(), { "info" }).out, "options"));
}

TEST_CASE("verify reads every range and reports every damaged one") {
    auto                 bytes = sample_artifact();
    const temporary_file whole(bytes);
    const auto           good = run(whole.path(), { "verify" });
    CHECK(good.status == exit_good);
    CHECK(good.err == "");
    CHECK(std::count(good.out.begin(), good.out.end(), '\n') == 6);

    bytes[sample_weights] ^= 1;
    bytes[sample_license] ^= 1;
    const temporary_file file(bytes);
    const auto           bad = run(file.path(), { "verify" });
    CHECK(bad.status == exit_damaged);
    CHECK(holds(bad.out, "DAMAGED  models/tiny.gguf\n"));
    CHECK(holds(bad.out, "good     page/index.html\n"));
    CHECK(holds(bad.err, file.path() + ": models/tiny.gguf at offset 65536: expected " +
                             to_hex(sha256("GGUF and weights", 16)) + ", found " +
                             to_hex(sha256("FGUF and weights", 16)) + "\n"));
    CHECK(holds(bad.err, file.path() + ": licenses/tiny.txt at offset 65728: expected "));
    CHECK(holds(bad.err, damaged_hint));
}

TEST_CASE("doctor tells as JSON what was chosen") {
    const temporary_file file(sample_artifact());
    const auto           done  = run(file.path(), { "doctor", "--json" });
    const auto           facts = nlohmann::json::parse(done.out, nullptr, false);
    REQUIRE_MESSAGE(facts.is_object(), done.out);
    CHECK(done.status == exit_good);
    CHECK(facts["program"]["weight_bytes"] == 16);
    CHECK(facts["threads"]["default"] >= 1);
    CHECK(facts["kernels"]["chosen"].is_string());

    const environment_variable unknown("MKEXE_CPU", "8086");
    const auto                 refused = run(file.path(), { "doctor" });
    CHECK(refused.status == exit_unsupported);
    CHECK(holds(refused.out, "MKEXE_CPU=8086: no such level"));
}
