#include "chat-store.h"

#include "digest.h"
#include "files.h"
#include "unicode.h"  // llama.cpp's

#include <algorithm>
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

// Letters of every script that has two cases; a byte that is no UTF-8 becomes U+FFFD.
static std::string lower_case(const std::string & text) {
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

// Null where `text` is no chat.
static json parse_chat(const std::string & text) {
    const json chat = json::parse(text, nullptr, false);
    const bool good = chat.is_object() && chat.contains("messages") && chat["messages"].is_array() &&
                      chat.contains("title") && chat["title"].is_string();
    return good ? chat : json();
}

// A chat whose file somebody damaged is not in the list, and stays where it is.
const chat_store::known_chat * chat_store::look_at(const std::string & id) {
    const auto stamp = file_stamp(path_of(id));
    auto &     known = known_[id];
    if (!stamp.empty() && known.stamp == stamp) {
        return known.facts.is_null() ? nullptr : &known;
    }
    known           = { stamp, json(), "" };
    const auto text = read_file(path_of(id));
    const json chat = text ? parse_chat(text.value()) : json();
    if (chat.is_null()) {
        return nullptr;
    }
    known.facts = {
        { "id", id },
        { "title", text_in(chat, "title") },
        { "created", text_in(chat, "created") },
        { "updated", text_in(chat, "updated") },
        { "pinned", chat.contains("pinned") && chat["pinned"] == true },
        { "messages", chat["messages"].size() },
        { "revision", revision_of(text.value()) },
    };
    known.text = lower_case(text_in(chat, "title"));
    for (const auto & message : chat["messages"]) {
        known.text += '\n' + (message.is_object() ? lower_case(text_in(message, "content")) : "");
    }
    return &known;
}

std::string chat_store::list(const std::string & search) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto                        wanted = lower_case(search);
    std::vector<json>                 found;
    std::map<std::string, known_chat> present;
    for (const auto & name : list_files(folder_, suffix)) {
        const auto id    = name.substr(0, name.size() - suffix.size());
        const auto known = is_id(id) ? look_at(id) : nullptr;
        if (known && (wanted.empty() || known->text.find(wanted) != std::string::npos)) {
            found.push_back(known->facts);
        }
        const auto kept = known_.find(id);
        if (kept != known_.end()) {
            present.insert(known_.extract(kept));
        }
    }
    known_ = std::move(present);
    std::sort(found.begin(), found.end(), [](const json & one, const json & other) {
        return std::make_pair(text_in(one, "updated"), text_in(one, "id")) >
               std::make_pair(text_in(other, "updated"), text_in(other, "id"));
    });
    return json{ { "chats", found } }.dump(-1, ' ', false, json::error_handler_t::replace);
}

chat_result chat_store::read(const std::string & id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto                        text = read_file(path_of(id));
    if (!text) {
        return { chat_error::not_found, text.message(), "" };
    }
    return { chat_error::none, text.value(), revision_of(text.value()) };
}

chat_result chat_store::write(const std::string & id, const std::string & text, const std::string & expected) {
    json chat = parse_chat(text);
    if (chat.is_null()) {
        return { chat_error::bad_chat, "expected a JSON object with title and messages", "" };
    }
    chat["format"]     = 1;
    chat["id"]         = id;
    const auto content = chat.dump(1, ' ', false, json::error_handler_t::replace) + "\n";

    const std::lock_guard<std::mutex> lock(mutex_);
    const auto                        present = read_file(path_of(id));
    const auto                        there   = present ? revision_of(present.value()) : "";
    if (expected != "*" && expected != there) {
        return { chat_error::changed, "another page wrote this chat meanwhile", there };
    }
    auto done = make_folder(folder_);
    if (done.problem == write_problem::none) {
        done = write_file(path_of(id), content);
    }
    switch (done.problem) {
        case write_problem::none:
            return { chat_error::none, "", revision_of(content) };
        case write_problem::disk_full:
            return { chat_error::disk_full, done.message, there };
        default:
            return { chat_error::not_written, done.message, there };
    }
}

chat_result chat_store::remove(const std::string & id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return remove_file(path_of(id)) ? chat_result{} :
                                      chat_result{ chat_error::not_written, path_of(id) + " cannot be removed", "" };
}
