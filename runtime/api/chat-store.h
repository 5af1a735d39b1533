#pragma once

// Stores chats, each in one readable JSON file (docs/http-api.md, "A chat's file"). Several threads can use it, and
// several programs can use one folder: the files on the disk count.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

enum class chat_error { none, bad_chat, too_large, not_found, not_read, changed, disk_full, not_written };

struct chat_result {
    chat_error  error = chat_error::none;
    std::string text;      // the content of the file, or a sentence about the error
    std::string revision;  // of the file on the disk now; empty if there is none
};

class chat_store {
  public:
    // The largest chat in bytes, both as it is sent and as it is written.
    static constexpr size_t max_bytes = size_t(64) << 20;

    explicit chat_store(std::string folder);

    const std::string & folder() const { return folder_; }

    // The list as JSON, newest first. With `search`, only chats that contain it, in upper or lower case.
    std::string list(const std::string & search);

    chat_result read(const std::string & id);

    // `expected` is the revision that the writer knows, or "*".
    chat_result write(const std::string & id, const std::string & text, const std::string & expected);

    chat_result remove(const std::string & id);

    // Whether `id` can be the id of a chat: 8 to 64 characters of 0-9, a-z and -.
    static bool is_id(const std::string & id);

  private:
    // The entry of one file in the list; `facts` is null if the file is not a chat.
    struct known_chat {
        std::string            stamp;  // size and time of the file that `facts` came from
        nlohmann::ordered_json facts;
        std::string            text;  // title and messages in lower case, for the search
    };

    using known_ptr = std::shared_ptr<const known_chat>;

    std::string path_of(const std::string & id) const;
    known_ptr   look_at(const std::string & id) const;
    known_ptr   known(const std::string & id);

    std::mutex                       mutex_;  // of `known_`, and of the files while one is written
    std::string                      folder_;
    std::map<std::string, known_ptr> known_;
};
