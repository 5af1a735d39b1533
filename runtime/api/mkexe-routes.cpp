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
#include "upstream-hooks.h"

#include <memory>

using json = nlohmann::ordered_json;

static own_routes_settings         settings;
static std::unique_ptr<chat_store> chats;
static std::string                 token;
static std::string                 instance;
static std::string                 key_of_pages;

static const std::string own_folder = "/mkexe/";

void prepare_own_routes(own_routes_settings wanted) {
    settings     = std::move(wanted);
    token        = random_name();
    instance     = random_name();
    chats        = settings.chats.empty() ? nullptr : std::make_unique<chat_store>(settings.chats);
    // where nothing is kept, nothing is taken from elsewhere either
    key_of_pages = chats ? page_key() : "";
}

bool mkexe::is_own_path(const std::string & path) {
    const auto prefix = settings.path_prefix + own_folder;
    return path.compare(0, prefix.size(), prefix) == 0;
}

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

// Header names come as the client wrote them; values of ETags in quotes.
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

static server_http_res_ptr get_session(const server_http_req &) {
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

static server_http_res_ptr get_progress(const server_http_req &) {
    const auto progress = read_loading_progress();
    const json left     = progress.seconds_left < 0 ? json() : json(progress.seconds_left);
    return reply(200, json{
                          { "state", progress.ready ? "ready" : "loading" },
                          { "fraction", progress.fraction },
                          { "bytes_done", uint64_t(progress.fraction * double(progress.bytes_total)) },
                          { "bytes_total", progress.bytes_total },
                          { "seconds_left", left },
                      });
}

static server_http_res_ptr post_quit(const server_http_req &) {
    if (!settings.may_quit) {
        return refuse(403, "not_allowed", "this program was started so that its page cannot end it");
    }
    request_stop();
    return reply(202, json::object());
}

static server_http_res_ptr get_chats(const server_http_req & request) {
    const auto text     = chats->list(request.get_param("search"));
    const auto revision = std::to_string(std::hash<std::string>()(text));
    if (header(request, "If-None-Match") == revision) {
        return with_etag(reply(304, std::string()), revision);
    }
    return with_etag(reply(200, text), revision);
}

static server_http_res_ptr get_chat(const server_http_req & request) {
    const auto found = chats->read(request.get_param("id"));
    return found.error == chat_error::none ? with_etag(reply(200, found.text), found.revision) : refuse(found);
}

static server_http_res_ptr post_chat(const server_http_req & request) {
    const auto done = chats->write(request.get_param("id"), request.body, header(request, "If-Match"));
    return done.error == chat_error::none ? reply(200, json{ { "revision", done.revision } }) : refuse(done);
}

static server_http_res_ptr delete_chat(const server_http_req & request) {
    const auto done = chats->remove(request.get_param("id"));
    return done.error == chat_error::none ? reply(200, json::object()) : refuse(done);
}

using handler = server_http_context::handler_t;

static handler with_token(const handler & inner) {
    return [inner](const server_http_req & request) {
        return header(request, "X-Mkexe-Token") == token ?
                   inner(request) :
                   refuse(403, "bad_token", "the program was started again: load the page anew");
    };
}

static handler with_chats(const handler & inner) {
    return with_token([inner](const server_http_req & request) {
        if (!chats) {
            return refuse(404, "not_found", "chats are not kept here");
        }
        return inner(request);
    });
}

static handler with_id(const handler & inner) {
    return with_chats([inner](const server_http_req & request) {
        return chat_store::is_id(request.get_param("id")) ? inner(request) :
                                                            refuse(400, "bad_chat", "an id has 8 to 64 of 0-9 a-z -");
    });
}

void mkexe::add_routes(const server_http_context & http) {
    if (token.empty()) {
        return;  // no page is served: chat, run
    }
    http.get(own_folder + "session", get_session);
    http.get(own_folder + "progress", with_token(get_progress));
    http.post(own_folder + "quit", with_token(post_quit));
    http.get(own_folder + "chats", with_chats(get_chats));
    http.get(own_folder + "chats/:id", with_id(get_chat));
    http.post(own_folder + "chats/:id", with_id(post_chat));
    http.del(own_folder + "chats/:id", with_id(delete_chat));
}
