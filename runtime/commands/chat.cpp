#include "base/exit-status.h"
#include "base/json-text.h"
#include "base/safe-text.h"
#include "base/text.h"
#include "commands/command-options.h"
#include "commands/terminal-commands.h"
#include "platform/console.h"
#include "platform/files.h"
#include "platform/system.h"
#include "platform/terminal-state.h"
#include "server/local-server.h"
#include "upstream/terminal.h"

#include <nlohmann/json.hpp>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <set>

using json = nlohmann::ordered_json;

static const char chat_help[] =
    R"(/help          show this list
/system TEXT   set the instructions for the model; without TEXT, remove them
/regen         answer the last question again
/save FILE     write this chat: as JSON if FILE ends in .json, else as Markdown
/clear         forget this chat
/quit          end the chat (Ctrl-D does the same)

A line that ends in \ continues on the next line. Lines between """ and """ are
one message. Ctrl-C stops an answer, or drops the typed text. Arrow up brings
back what you wrote before.
)";

namespace {

class conversation {
  public:
    std::set<std::string> saved;  // paths of files

    explicit conversation(local_server & model, std::string system) : model_(model), system_(std::move(system)) {
        clear();
    }

    void clear() {
        messages_ = json::array();
        if (!system_.empty()) {
            messages_.push_back({ { "role", "system" }, { "content", system_ } });
        }
    }

    void set_system(const std::string & text) {
        system_ = text;
        if (!messages_.empty() && messages_[0]["role"] == "system") {
            messages_.erase(0);
        }
        if (!text.empty()) {
            messages_.insert(messages_.begin(), json{ { "role", "system" }, { "content", text } });
        }
    }

    void ask(const std::string & question) {
        messages_.push_back({ { "role", "user" }, { "content", question } });
        answer();
    }

    // Returns false if there is no answer yet.
    bool regenerate() {
        if (messages_.empty() || messages_.back()["role"] != "assistant") {
            return false;
        }
        messages_.erase(messages_.size() - 1);
        answer();
        return true;
    }

    std::string to_text(bool as_json) const {
        if (as_json) {
            return json_text(messages_, 1) + "\n";
        }
        std::string text;
        for (const auto & message : messages_) {
            const std::string role = message["role"];
            text += "## " +
                    std::string(role == "user"   ? "You" :
                                role == "system" ? "Instructions" :
                                                   "Answer") +
                    "\n\n" + message["content"].get<std::string>() + "\n\n";
        }
        return text;
    }

  private:
    void show(const answer_piece & piece, std::string & content) {
        show_as(piece.reasoning ? text_kind::reasoning : text_kind::plain);
        if (reasoning_ && !piece.reasoning) {
            print("\n\n");
        }
        reasoning_ = piece.reasoning;
        print(shown_text(piece.text));
        flush_terminal();
        content += piece.reasoning ? "" : piece.text;
    }

    void answer() {
        std::string content;
        reasoning_     = false;
        const auto end = model_.ask(json_text(messages_), [&](const answer_piece & piece) {
            show(piece, content);
            return true;
        });
        show_as(text_kind::plain);
        print(model_.ctrl_c().came() ? " [stopped]\n" : "\n");
        model_.ctrl_c().forget();
        if (!end.error.empty()) {
            print_error(safe_text(end.error) + "\n");
        }
        if (end.generation_rate > 0) {
            show_as(text_kind::info);
            print(one_decimal(end.generation_rate) + " tokens/s\n");
            show_as(text_kind::plain);
        }
        messages_.push_back({ { "role", "assistant" }, { "content", content } });
    }

    local_server & model_;
    std::string    system_;
    json           messages_;
    bool           reasoning_ = false;
};

}  // namespace

static const std::string fence = "\"\"\"";

namespace {

// What the person did at a prompt.
enum class entry {
    message,
    interrupt,  // Ctrl-C at an empty prompt
    cancelled,  // Ctrl-C, which drops the typed text
    end,        // end of the input, or Ctrl-D
};

// The lines that are typed at one prompt.
class prompt_lines {
  public:
    explicit prompt_lines(interrupts & ctrl_c) : ctrl_c_(ctrl_c) {}

    // Reads a line, and the next ones as long as they end in a backslash. Returns false at the end of the input and at
    // Ctrl-C.
    bool read(std::string & text) {
        text.clear();
        std::string line;
        bool        more = true;
        while (more) {
            more = read_one(line);
            text += line;
        }
        if (text.empty() || ctrl_c_.came()) {
            return false;
        }
        if (text.back() == '\n') {  // there is none if Ctrl-D ended the line
            text.pop_back();
        }
        return true;
    }

    bool typed() const { return typed_; }

  private:
    // Returns what read_line() returns: whether another line follows. Does not start to wait after Ctrl-C.
    bool read_one(std::string & line) {
        line.clear();
        ctrl_c_.set_reading_line(true);
        const bool more = !ctrl_c_.came() && read_line(line);
        ctrl_c_.set_reading_line(false);
        typed_ = typed_ || line.find_first_not_of('\n') != std::string::npos;
        return more;
    }

    interrupts & ctrl_c_;
    bool         typed_ = false;
};

}  // namespace

static entry read_message(std::string & text, interrupts & ctrl_c) {
    show_as(text_kind::typed);
    print("\n> ");
    prompt_lines lines(ctrl_c);
    bool         good = lines.read(text);
    if (good && text.rfind(fence, 0) == 0) {
        std::string line;
        text.erase(0, fence.size());
        while ((good = lines.read(line)) && line.find(fence) == std::string::npos) {
            text += (text.empty() ? "" : "\n") + line;
        }
        text += good ? "\n" + line.substr(0, line.find(fence)) : "";
    }
    show_as(text_kind::plain);
    if (good) {
        return entry::message;
    }
    std::clearerr(stdin);
    if (!ctrl_c.came()) {
        return entry::end;
    }
    ctrl_c.forget();
    return lines.typed() ? entry::cancelled : entry::interrupt;
}

static std::string argument_of(const std::string & line) {
    const auto space = line.find(' ');
    const auto first = space == std::string::npos ? space : line.find_first_not_of(' ', space);
    return first == std::string::npos ? "" : line.substr(first);
}

// A chat replaces only files that it has saved itself: all others belong to somebody.
static bool may_save(conversation & talk, const std::string & path) {
    if (talk.saved.count(path) > 0 || !is_there(path)) {
        return true;
    }
    print_error("not saved: " + safe_line(path) + " exists already; choose another name\n");
    return false;
}

static void save(conversation & talk, const std::string & path) {
    if (path.empty()) {
        print_error("/save: expected a file name after it\n");
        return;
    }
    if (!may_save(talk, path)) {
        return;
    }
    const bool as_json = path.size() > 5 && path.compare(path.size() - 5, 5, ".json") == 0;
    const auto done    = write_file(path, talk.to_text(as_json));
    if (done.problem != write_problem::none) {
        print_error("not saved: " + done.message + "\n");
    } else {
        talk.saved.insert(path);
        print("saved: " + path + "\n");
    }
}

// Does what a line that begins with a slash asks for. Returns false if it ends the chat.
static bool obey(conversation & talk, const std::string & line) {
    const auto command = line.substr(0, line.find(' '));
    if (command == "/quit" || command == "/exit") {
        return false;
    }
    if (command == "/help") {
        print(chat_help);
    } else if (command == "/system") {
        talk.set_system(argument_of(line));
        print("this applies from the next answer\n");
    } else if (command == "/regen") {
        if (!talk.regenerate()) {
            print_error("there is no answer yet\n");
        }
    } else if (command == "/save") {
        save(talk, argument_of(line));
    } else if (command == "/clear") {
        talk.clear();
        print("forgotten\n");
    } else {
        print_error(command + " is not a command; /help lists them\n");
    }
    return true;
}

// Returns false if the chat ends.
static bool take(conversation & talk, const std::string & text) {
    if (text.empty()) {
        return true;
    }
    if (text[0] == '/') {
        return obey(talk, text);
    }
    talk.ask(text);
    return true;
}

// Ctrl-C ends the chat only if it comes twice with nothing typed or asked in between, because the chat is lost then.
static void converse(conversation & talk, interrupts & ctrl_c) {
    std::string text;
    bool        warned = false;
    for (bool more = true; more;) {
        const entry input = read_message(text, ctrl_c);
        if (input == entry::message) {
            warned = false;
            more   = take(talk, text);
        } else if (input == entry::end || (input == entry::interrupt && warned)) {
            more = false;
        } else {
            warned = true;
            print("\n/quit, or Ctrl-C once more, ends the chat.");
        }
    }
    print("\n");
}

int chat(const artifact & source, const std::vector<std::string> & arguments) {
    const auto options = parse_command_options(source.contents.default_args, arguments, { { "--system" } });
    if (!options) {
        say(options.message() + " Try chat --help.");
        return exit_usage;
    }
    say(source.contents.title + " is loading ...");
    auto model = local_server::load(source, options.value().server, options.value().verbose);
    if (!model) {
        say(model.message());
        return model.status();
    }
    const bool terminal = is_terminal(stdin) && is_terminal(stdout);
    const bool coloured = terminal && environment("NO_COLOR").empty();
    if (terminal) {
        keep_terminal(coloured);
    }
    open_terminal(!terminal, coloured);
    if (terminal) {
        keep_terminal_queues();  // close_terminal() restores the terminal's state
    }
    std::setlocale(LC_NUMERIC, "C");  // the console uses the user's locale, in which 0.5 may be "0,5"
    std::atexit(close_terminal);
    print("Ready. /help lists the commands.\n");

    model.value()->ctrl_c().be_patient();
    conversation talk(*model.value(), value_of(options.value(), "--system", source.contents.system_prompt));
    converse(talk, model.value()->ctrl_c());
    return exit_good;
}
