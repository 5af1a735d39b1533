#include "upstream/api-keys.h"

#include "common.h"
#include "platform/files.h"
#include "platform/system.h"

#include <algorithm>
#include <sstream>

static const char byte_order_mark[] = "\xef\xbb\xbf";

static std::string tidy(const std::string & key) {
    const auto from  = key.rfind(byte_order_mark, 0) == 0 ? sizeof(byte_order_mark) - 1 : 0;
    const auto first = key.find_first_not_of(" \t\r", from);
    return first == std::string::npos ? "" : key.substr(first, key.find_last_not_of(" \t\r") + 1 - first);
}

static std::string problem_with_file(const std::string & name, const std::string & path) {
    const auto content = read_file(path);
    if (!content) {
        // the builder looks for "open file" (builder/mkexe/trial/default_options.py)
        return name + ": cannot open file '" + path + "', expected one with a key on each line" +
               content.message().substr(path.size()) + ".";
    }
    std::istringstream lines(content.value());
    for (std::string line; std::getline(lines, line);) {
        if (const auto key = tidy(line); !key.empty() && key[0] != '#') {
            return "";
        }
    }
    return name + ": expected a file with a key on each line, found none in " + path + ".";
}

std::string find_key_problem(const std::vector<std::string> & arguments) {
    for (size_t i = 0; i + 1 < arguments.size(); i++) {
        if (arguments[i] == "--api-key-file") {
            if (const auto problem = problem_with_file(arguments[i], arguments[i + 1]); !problem.empty()) {
                return problem;
            }
        } else if (arguments[i] == "--api-key" && tidy(arguments[i + 1]).empty()) {
            return "--api-key: expected a key, found an empty one.";
        }
    }
    const char * variable = "LLAMA_ARG_API_KEY_FILE";
    const auto   named    = environment(variable);
    return named.empty() ? "" : problem_with_file(variable, named);
}

void tidy_keys(common_params & params) {
    auto & keys = params.api_keys;
    std::transform(keys.begin(), keys.end(), keys.begin(), tidy);
    keys.erase(std::remove(keys.begin(), keys.end(), ""), keys.end());
}
