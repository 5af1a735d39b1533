#include "api/mkexe-routes.h"

#include "api/chat-store.h"
#include "api/page-key.h"
#include "base/json-text.h"
#include "base/text.h"
#include "lifecycle/loading.h"
#include "lifecycle/shutdown.h"
#include "platform/folder-access.h"
#include "platform/random-name.h"
#include "server-http.h"

#include <functional>

using json = nlohmann::ordered_json;

static const std::string own_folder = "/mkexe/";

static server_http_res_ptr reply(int status, const std::string & text) {
    auto response                      = std::make_unique<server_http_res>();
    response->status                   = status;
    response->data                     = text;
    response->headers["Cache-Control"] = "no-store";
    return response;
}

static server_http_res_ptr reply(int status, const json & body) {
    return reply(status, json_text(body));
}

static server_http_res_ptr refuse(int status, const char * type, const std::string & message, json more = {}) {
    json error = { { "code", status }, { "type", type }, { "message", message } };
    error.update(more.is_object() ? more : json::object());
    return reply(status, json{ { "error", error } });
}

static server_http_res_ptr refuse(const chat_result & result) {
    const json more = { { "revision", result.revision } };
    switch (result.error) {
        case chat_error::bad_chat:
            return refuse(400, "bad_chat", result.text);
        case chat_error::too_large:
            return refuse(413, "too_large", result.text);
        case chat_error::not_found:
            return refuse(404, "not_found", result.text);
        case chat_error::changed:
            return refuse(409, "changed", result.text, more);
        case chat_error::disk_full:
            return refuse(507, "disk_full", result.text);
        case chat_error::not_read:
            return refuse(500, "not_read", result.text);
        default:
            return refuse(500, "not_written", result.text);
    }
}

// The names of headers are in the client's spelling. ETags are in quotes.
static std::string header(const server_http_req & request, const std::string & name) {
    for (const auto & [key, value] : request.headers) {
        if (lower_case(key) == lower_case(name)) {
            const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
            return quoted ? value.substr(1, value.size() - 2) : value;
        }
    }
    return "";
}

static server_http_res_ptr with_etag(server_http_res_ptr response, const std::string & revision) {
    response->headers["ETag"]          = "\"" + revision + "\"";
    response->headers["Cache-Control"] = "no-cache";
    return response;
}

struct mkexe_routes::state {
    routes_settings             settings;
    const loading &             progress;
    server_end &                end;
    std::unique_ptr<chat_store> chats;
    std::string                 token    = random_name();
    std::string                 instance = random_name();
    std::string                 key_of_pages;

    server_http_res_ptr get_session() const;
    server_http_res_ptr get_progress() const;
    server_http_res_ptr post_quit();
};

mkexe_routes::mkexe_routes(routes_settings settings, const loading & progress, server_end & end) :
    state_(new state{ std::move(settings), progress, end }) {
    auto & own       = *state_;
    own.chats        = own.settings.chats.empty() ? nullptr : std::make_unique<chat_store>(own.settings.chats);
    // a server that keeps no chats also takes no chats from other servers
    own.key_of_pages = own.chats ? page_key() : "";
}

mkexe_routes::~mkexe_routes() = default;

bool mkexe_routes::contains(const std::string & path) const {
    const auto prefix = state_->settings.path_prefix + own_folder;
    return path.compare(0, prefix.size(), prefix) == 0;
}

server_http_res_ptr mkexe_routes::state::get_session() const {
    const auto problem = chats ? problem_of_writing_in(chats->folder()) : "";
    return reply(200, json{
                          { "token", token },
                          { "instance", instance },
                          { "name", settings.name },
                          { "version", MKEXE_VERSION },
                          { "chats", chats && problem.empty() ? "folder" : "none" },
                          { "chats_folder", settings.chats },
                          { "chats_problem", problem },
                          { "quit", settings.may_quit },
                          { "page_key", key_of_pages },
                      });
}

server_http_res_ptr mkexe_routes::state::get_progress() const {
    const auto found = progress.read();
    const json left  = found.seconds_left < 0 ? json() : json(found.seconds_left);
    return reply(200, json{
                          { "state", found.ready ? "ready" : "loading" },
                          { "fraction", found.fraction },
                          { "bytes_done", uint64_t(found.fraction * double(found.bytes_total)) },
                          { "bytes_total", found.bytes_total },
                          { "seconds_left", left },
                      });
}

server_http_res_ptr mkexe_routes::state::post_quit() {
    if (!settings.may_quit) {
        return refuse(403, "not_allowed", "this program was started with --no-quit, so the page cannot end it");
    }
    end.request();
    return reply(202, json::object());
}

static server_http_res_ptr get_chats(chat_store & chats, const server_http_req & request) {
    const auto text     = chats.list(request.get_param("search"));
    const auto revision = std::to_string(std::hash<std::string>()(text));
    if (header(request, "If-None-Match") == revision) {
        return with_etag(reply(304, std::string()), revision);
    }
    return with_etag(reply(200, text), revision);
}

static server_http_res_ptr get_chat(chat_store & chats, const server_http_req & request) {
    const auto found = chats.read(request.get_param("id"));
    return found.error == chat_error::none ? with_etag(reply(200, found.text), found.revision) : refuse(found);
}

static server_http_res_ptr post_chat(chat_store & chats, const server_http_req & request) {
    const auto done = chats.write(request.get_param("id"), request.body, header(request, "If-Match"));
    return done.error == chat_error::none ? reply(200, json{ { "revision", done.revision } }) : refuse(done);
}

static server_http_res_ptr delete_chat(chat_store & chats, const server_http_req & request) {
    const auto done = chats.remove(request.get_param("id"));
    return done.error == chat_error::none ? reply(200, json::object()) : refuse(done);
}

using handler       = server_http_context::handler_t;
using chats_handler = std::function<server_http_res_ptr(chat_store & chats, const server_http_req & request)>;

static handler with_token(const std::string & token, const handler & inner) {
    return [&token, inner](const server_http_req & request) {
        return header(request, "X-Mkexe-Token") == token ?
                   inner(request) :
                   refuse(403, "bad_token", "the program has restarted: reload the page");
    };
}

static handler with_chats(chat_store * chats, const chats_handler & inner) {
    return [chats, inner](const server_http_req & request) {
        return chats ? inner(*chats, request) : refuse(404, "not_found", "chats are not kept here");
    };
}

static chats_handler with_id(const chats_handler & inner) {
    return [inner](chat_store & chats, const server_http_req & request) {
        return chat_store::is_id(request.get_param("id")) ?
                   inner(chats, request) :
                   refuse(400, "bad_chat", "a chat's id has 8 to 64 characters: 0 to 9, a to z and -");
    };
}

void mkexe_routes::add_to(const server_http_context & http) const {
    auto &     own   = *state_;
    auto *     chats = own.chats.get();
    const auto get   = [&](const char * path, const handler & answer) {
        http.get(own_folder + path, with_token(own.token, answer));
    };
    const auto post = [&](const char * path, const handler & answer) {
        http.post(own_folder + path, with_token(own.token, answer));
    };
    http.get(own_folder + "session", [&own](const server_http_req &) { return own.get_session(); });
    get("progress", [&own](const server_http_req &) { return own.get_progress(); });
    post("quit", [&own](const server_http_req &) { return own.post_quit(); });
    get("chats", with_chats(chats, get_chats));
    get("chats/:id", with_chats(chats, with_id(get_chat)));
    post("chats/:id", with_chats(chats, with_id(post_chat)));
    http.del(own_folder + "chats/:id", with_token(own.token, with_chats(chats, with_id(delete_chat))));
}
