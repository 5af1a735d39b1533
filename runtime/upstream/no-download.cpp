// Replaces common/download.cpp and common/hf-cache.cpp of llama.cpp. An artifact contains its model and makes no
// connection, so it does not contain the code for that. Functions that should download report an error, and functions
// that look into a cache find it empty.

#include "common.h"
#include "download.h"
#include "hf-cache.h"

#include <stdexcept>

[[noreturn]] static void refuse(const std::string & what) {
    throw std::invalid_argument(what +
                                ": this program makes no connection. Download the file and name it with its path");
}

std::pair<long, std::vector<char>> common_remote_get_content(const std::string & url, const common_remote_params &) {
    throw std::invalid_argument(url.substr(0, 80) +
                                ": this program makes no connection. Send the content itself, as a data: URL");
}

std::pair<std::string, std::string> common_download_split_repo_tag(const std::string & name) {
    refuse(name);
}

void common_download_run_tasks(const std::vector<common_download_task> & tasks) {
    if (!tasks.empty()) {
        refuse(tasks.front().url);
    }
}

std::vector<std::string> common_download_get_all_parts(const std::string & url) {
    refuse(url);
}

std::vector<common_cached_model_info> common_list_cached_models() {
    return {};
}

std::string common_download_resolve_path(const std::string &, const std::string &) {
    return {};
}

int common_download_file_single(const std::string & url, const std::string &, const common_download_opts &, bool) {
    refuse(url);
}

std::string common_docker_resolve_model(const std::string & name) {
    refuse(name);
}

bool common_download_remove(const std::string &) {
    return false;
}

common_download_hf_plan common_download_get_hf_plan(const common_params_model & model, const common_download_opts &) {
    refuse(model.hf_repo);
}

namespace hf_cache {

hf_files get_repo_files(const std::string & repo_id, const std::string &) {
    refuse(repo_id);
}

hf_files get_cached_files(const std::string &) {
    return {};
}

std::string finalize_file(const hf_file & file) {
    refuse(file.url);
}

bool remove_cached_repo(const std::string &) {
    return false;
}

std::string get_cache_path() {
    return {};
}

}  // namespace hf_cache
