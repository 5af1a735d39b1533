#pragma once

// Chats, one readable JSON file each (docs/http-api.md, "A chat's file"). Safe to use from several threads, and from
// several programs on one folder: what lies on the disk counts.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

enum class chat_error { none, bad_chat, too_large, not_found, not_read, changed, disk_full, not_written };

struct chat_result {
    chat_error  error = chat_error::none;
    std::string text;      // the file's content, or a sentence about the error
    std::string revision;  // of what lies on the disk now; empty where there is nothing
};

class chat_store {
  public:
    // The largest chat in bytes, as it is sent and as it is written.
    static constexpr size_t max_bytes = size_t(64) << 20;

    explicit chat_store(std::string folder);

    const std::string & folder() const { return folder_; }

    // The list as JSON, newest first; with `search`, only those in which it stands, whatever the case.
    std::string list(const std::string & search);

    chat_result read(const std::string & id);

    // `expected`: the revision that the writer has seen, or "*".
    chat_result write(const std::string & id, const std::string & text, const std::string & expected);

    chat_result remove(const std::string & id);

    // Whether `id` may be one: 8 to 64 of 0-9 a-z -.
    static bool is_id(const std::string & id);

  private:
    // What the list says of one file; null `facts` where that is not a chat.
    struct known_chat {
        std::string            stamp;  // size and time of the file that `facts` come from
        nlohmann::ordered_json facts;
        std::string            text;  // title and messages in lower case, for the search
    };

    using known_ptr = std::shared_ptr<const known_chat>;

    std::string path_of(const std::string & id) const;
    known_ptr   look_at(const std::string & id) const;
    known_ptr   known(const std::string & id);

    std::mutex                       mutex_;  // of `known_` and of what lies on the disk, for as long as a write takes
    std::string                      folder_;
    std::map<std::string, known_ptr> known_;
};
