#include "api/chat-store.h"
#include "platform/files.h"
#include "support/temporary-folder.h"

#include <doctest.h>

#include <filesystem>
#include <fstream>

static const std::string id = "0123-abcd";

static std::string chat_text(const std::string & title, const std::string & content = "Hello") {
    return nlohmann::json{
        { "title", title },
        { "updated", "2026-01-01T00:00:00Z" },
        { "messages", { { { "role", "user" }, { "content", content } } } }
    }.dump();
}

static size_t count_of(chat_store & store, const std::string & search) {
    return nlohmann::json::parse(store.list(search))["chats"].size();
}

TEST_CASE("a chat is written, read, listed and removed") {
    const temporary_folder folder;
    chat_store             store(folder.path() + "/below/chats");
    CHECK(store.list("") == R"({"chats":[]})");
    const auto written = store.write(id, chat_text("One"), "*");
    REQUIRE(written.error == chat_error::none);
    const auto read = store.read(id);
    REQUIRE(read.error == chat_error::none);
    CHECK(read.revision == written.revision);
    const auto chat = nlohmann::json::parse(read.text);
    CHECK(chat["id"] == id);
    CHECK(chat["format"] == 1);
    CHECK(chat["title"] == "One");
    const auto facts = nlohmann::json::parse(store.list(""))["chats"][0];
    CHECK(facts["title"] == "One");
    CHECK(facts["messages"] == 1);
    CHECK(facts["revision"] == written.revision);
    CHECK(store.remove(id).error == chat_error::none);
    CHECK(store.remove(id).error == chat_error::none);
    CHECK(store.read(id).error == chat_error::not_found);
    CHECK(count_of(store, "") == 0);
}

TEST_CASE("a chat that another page changed is not written over") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    CHECK(store.write(id, chat_text("One"), "0000").error == chat_error::changed);
    const auto first  = store.write(id, chat_text("One"), "*");
    const auto second = store.write(id, chat_text("Two"), first.revision);
    REQUIRE(second.error == chat_error::none);
    const auto late = store.write(id, chat_text("Three"), first.revision);
    CHECK(late.error == chat_error::changed);
    CHECK(late.revision == second.revision);
    CHECK(nlohmann::json::parse(store.read(id).text)["title"] == "Two");
}

TEST_CASE("the search looks into titles and messages, whatever the case") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    store.write("chat-0001", chat_text("Cooking", "How do I boil an EGG?"), "*");
    store.write("chat-0002", chat_text("Gärten, САД, Κήπος"), "*");
    CHECK(count_of(store, "egg") == 1);
    CHECK(count_of(store, "COOK") == 1);
    CHECK(count_of(store, "ÄRT") == 1);
    CHECK(count_of(store, "сад") == 1);
    CHECK(count_of(store, "ΚΉΠ") == 1);
    CHECK(count_of(store, "\xff") == 0);
    CHECK(count_of(store, "nothing of it") == 0);
    CHECK(count_of(store, "") == 2);
}

TEST_CASE("what is not a chat is refused, and what somebody damaged is left alone") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    for (const char * text : { "", "{", "[]", "{}", R"({"title":1,"messages":[]})", R"({"title":"","messages":{}})" }) {
        CHECK_MESSAGE(store.write(id, text, "*").error == chat_error::bad_chat, text);
    }
    std::ofstream(folder.path() + "/damaged-1.json") << "{";
    CHECK(count_of(store, "") == 0);
    CHECK(std::filesystem::exists(folder.path() + "/damaged-1.json"));
}

TEST_CASE("a chat that cannot be written leaves the one that is there") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    REQUIRE(store.write(id, chat_text("One"), "*").error == chat_error::none);
    // a folder with this name prevents the new file, also for root
    std::filesystem::create_directory(folder.path() + "/." + id + ".json.mkexe-new");
    const auto result = store.write(id, chat_text("Two"), "*");
    CHECK(result.error == chat_error::not_written);
    CHECK(result.text.find(folder.path()) != std::string::npos);
    CHECK(nlohmann::json::parse(store.read(id).text)["title"] == "One");
}

TEST_CASE("an id is not a path") {
    for (const char * good : { "12345678", "a-b-c-d-e", "3f2504e0-4f89-11d3-9a0c-0305e82c3301" }) {
        CHECK_MESSAGE(chat_store::is_id(good), good);
    }
    for (const char * bad : { "", "short", "../../etc/passwd", "with space", "UPPERCASE", "dots.in.it", "12345678/" }) {
        CHECK_FALSE_MESSAGE(chat_store::is_id(bad), bad);
    }
    CHECK_FALSE(chat_store::is_id(std::string(65, 'a')));
}

TEST_CASE("a file that is there and cannot be read is not said to be absent") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    const auto             path = folder.path() + "/" + id + ".json";
    std::ofstream(path) << "";
    std::filesystem::resize_file(path, chat_store::max_bytes + 1);
    const auto large = store.read(id);
    CHECK(large.error == chat_error::too_large);
    CHECK(large.text == path + ": a chat can have at most 64 MiB, this one has 67108865 bytes");
    std::filesystem::remove(path);
    CHECK(store.read(id).error == chat_error::not_found);
    std::filesystem::create_directory(path);
    CHECK(store.read(id).error == chat_error::not_read);
}
