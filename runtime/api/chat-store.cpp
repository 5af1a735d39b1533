#include "api/chat-store.h"

#include "base/digest.h"
#include "base/json-text.h"
#include "base/work-limits.h"
#include "platform/files.h"
#include "unicode.h"  // from llama.cpp

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

using json = nlohmann::ordered_json;

static const std::string suffix = ".json";

chat_store::chat_store(std::string folder) : folder_(std::move(folder)) {}

bool chat_store::is_id(const std::string & id) {
    const auto allowed = [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || letter == '-';
    };
    return id.size() >= 8 && id.size() <= 64 && std::all_of(id.begin(), id.end(), allowed);
}

std::string chat_store::path_of(const std::string & id) const {
    return folder_ + "/" + id + suffix;
}

static std::string revision_of(const std::string & text) {
    sha256_hasher hasher;
    hasher.update(text.data(), text.size());
    return to_hex(hasher.finish()).substr(0, 16);
}

// In lower case, for all scripts that have two cases. A byte that is not UTF-8 becomes U+FFFD.
static std::string folded(const std::string & text) {
    std::string lower;
    lower.reserve(text.size());
    for (const uint32_t letter : unicode_cpts_from_utf8(text)) {
        lower += unicode_cpt_to_utf8(unicode_tolower(letter));
    }
    return lower;
}

static std::string text_in(const json & object, const char * member) {
    const auto found = object.find(member);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Null if `text` is not a chat.
static json parse_chat(const std::string & text) {
    if (mkexe::json_levels(text) > mkexe::max_json_levels) {
        return json();
    }
    const json chat = json::parse(text, nullptr, false);
    const bool good = chat.is_object() && chat.contains("messages") && chat["messages"].is_array() &&
                      chat.contains("title") && chat["title"].is_string();
    return good ? chat : json();
}

// Writes one line for each member of the chat, each message, and each member of a message. Deeper values stay on that
// line: with more indentation, a number in 200 lists would take a hundred times its size.
static void write_lines(std::string & out, const json & value, size_t level) {
    static const size_t max_levels = 3;
    if (level == max_levels || !value.is_structured() || value.empty()) {
        out += json_text(value);
        return;
    }
    const std::string line = "\n" + std::string(level + 1, ' ');
    const char *      next = value.is_object() ? "{" : "[";
    for (const auto & [key, child] : value.items()) {
        out += next + line;
        out += value.is_object() ? json_text(json(key)) + ": " : "";
        write_lines(out, child, level + 1);
        next = ",";
    }
    out += "\n" + std::string(level, ' ') + (value.is_object() ? "}" : "]");
}

// The list leaves out a damaged file, but the file stays.
chat_store::known_ptr chat_store::look_at(const std::string & id) const {
    auto       known = std::make_shared<known_chat>();
    const auto path  = path_of(id);
    known->stamp     = file_stamp(path);
    const auto text  = read_file(path, max_bytes);
    const json chat  = text ? parse_chat(text.value()) : json();
    if (chat.is_null()) {
        return known;
    }
    known->facts = {
        { "id", id },
        { "title", text_in(chat, "title") },
        { "created", text_in(chat, "created") },
        { "updated", text_in(chat, "updated") },
        { "pinned", chat.contains("pinned") && chat["pinned"] == true },
        { "messages", chat["messages"].size() },
        { "revision", revision_of(text.value()) },
    };
    known->text = folded(text_in(chat, "title"));
    for (const auto & message : chat["messages"]) {
        known->text += '\n' + (message.is_object() ? folded(text_in(message, "content")) : "");
    }
    return known;
}

// Reads large files without the lock, so that nobody waits.
chat_store::known_ptr chat_store::known(const std::string & id) {
    const auto stamp = file_stamp(path_of(id));
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto                        found = known_.find(id);
        if (found != known_.end() && !stamp.empty() && found->second->stamp == stamp) {
            return found->second;
        }
    }
    return look_at(id);
}

std::string chat_store::list(const std::string & search) {
    const auto                       wanted = folded(search);
    std::vector<json>                found;
    std::map<std::string, known_ptr> present;
    for (const auto & name : list_files(folder_, suffix)) {
        const auto id = name.substr(0, name.size() - suffix.size());
        if (!is_id(id)) {
            continue;
        }
        const auto chat = present[id] = known(id);
        if (!chat->facts.is_null() && (wanted.empty() || chat->text.find(wanted) != std::string::npos)) {
            found.push_back(chat->facts);
        }
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        known_ = std::move(present);
    }
    std::sort(found.begin(), found.end(), [](const json & one, const json & other) {
        return std::make_pair(text_in(one, "updated"), text_in(one, "id")) >
               std::make_pair(text_in(other, "updated"), text_in(other, "id"));
    });
    return json_text(json{ { "chats", found } });
}

static const std::string size_limit_text =
    "a chat can have at most " + std::to_string(chat_store::max_bytes >> 20) + " MiB";

// Why the file `path` could not be read. `message` is the error of read_file().
static chat_result refuse_file(const std::string & path, const std::string & message) {
    std::error_code error;
    const auto      file = std::filesystem::u8path(path);
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
        return { chat_error::not_found, message, "" };
    }
    const auto size = std::filesystem::file_size(file, error);
    if (!error && size > chat_store::max_bytes) {
        return { chat_error::too_large,
                 path + ": " + size_limit_text + ", this one has " + std::to_string(size) + " bytes", "" };
    }
    return { chat_error::not_read, message, "" };
}

chat_result chat_store::read(const std::string & id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto                        text = read_file(path_of(id), max_bytes);
    if (!text) {
        return refuse_file(path_of(id), text.message());
    }
    return { chat_error::none, text.value(), revision_of(text.value()) };
}

// Why `text` cannot be a chat; checked before it is parsed.
static chat_result refuse_text(const std::string & text) {
    if (text.size() > chat_store::max_bytes) {
        return { chat_error::too_large, size_limit_text + ", this one has " + std::to_string(text.size()) + " bytes",
                 "" };
    }
    const size_t levels = mkexe::json_levels(text);
    if (levels > mkexe::max_json_levels) {
        return { chat_error::bad_chat,
                 "a chat can nest at most " + std::to_string(mkexe::max_json_levels) + " levels deep, this one has " +
                     std::to_string(levels),
                 "" };
    }
    return {};
}

chat_result chat_store::write(const std::string & id, const std::string & text, const std::string & expected) {
    if (auto refused = refuse_text(text); refused.error != chat_error::none) {
        return refused;
    }
    json chat = parse_chat(text);
    if (chat.is_null()) {
        return { chat_error::bad_chat, "expected a JSON object with title and messages", "" };
    }
    chat["format"] = 1;
    chat["id"]     = id;
    std::string content;
    write_lines(content, chat, 0);
    content += "\n";
    if (content.size() > max_bytes) {
        return { chat_error::too_large,
                 size_limit_text + ", this one would be written as " + std::to_string(content.size()) + " bytes", "" };
    }

    const std::lock_guard<std::mutex> lock(mutex_);
    const auto                        present  = read_file(path_of(id));
    const auto                        revision = present ? revision_of(present.value()) : "";
    if (expected != "*" && expected != revision) {
        return { chat_error::changed, "another page has changed this chat", revision };
    }
    auto done = make_folder(folder_);
    if (done.problem == write_problem::none) {
        done = write_file(path_of(id), content);
    }
    switch (done.problem) {
        case write_problem::none:
            return { chat_error::none, "", revision_of(content) };
        case write_problem::disk_full:
            return { chat_error::disk_full, done.message, revision };
        default:
            return { chat_error::not_written, done.message, revision };
    }
}

chat_result chat_store::remove(const std::string & id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return remove_file(path_of(id)) ? chat_result{} :
                                      chat_result{ chat_error::not_written, path_of(id) + " cannot be removed", "" };
}
