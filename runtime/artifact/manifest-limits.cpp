#include "artifact/manifest-limits.h"

#include "base/safe-text.h"

#include <algorithm>
#include <set>

static constexpr size_t target_size_maximum = 64;

static const std::string target_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

// Whether a file can have this name on every system.
static bool is_plain_name(const std::string & name) {
    return name.size() <= name_size_maximum && name.find('\\') == std::string::npos && safe_line(name) == name;
}

static bool leads_elsewhere(const std::string & name) {
    return name.empty() || name == "." || name == "..";
}

bool is_beside_name(const std::string & name) {
    return !leads_elsewhere(name) && name.find_first_of("/\\:") == std::string::npos && is_plain_name(name);
}

bool is_entry_name(const std::string & name) {
    for (size_t begin = 0; begin <= name.size();) {
        const auto end = std::min(name.find('/', begin), name.size());
        if (leads_elsewhere(name.substr(begin, end - begin))) {
            return false;
        }
        begin = end + 1;
    }
    return is_plain_name(name);
}

bool is_target_name(const std::string & name) {
    return !name.empty() && name.size() <= target_size_maximum && name[0] != '.' && name[0] != '-' &&
           name.find_first_not_of(target_letters) == std::string::npos;
}

std::string shortened(const std::string & text, size_t max_bytes) {
    return text.size() <= max_bytes ? text : text.substr(0, max_bytes) + "...";
}

static std::string quoted(const std::string & name) {
    return "\"" + shortened(name) + "\"";
}

// There is one model, and after it at most one projector, in one part.
static std::string problem_with_roles(const std::vector<bundled_model> & models) {
    if (models.empty()) {
        return "\"models\" is empty";
    }
    std::string roles;
    for (const auto & model : models) {
        roles += (roles.empty() ? "" : ", ") + model.role;
    }
    if (roles != "model" && roles != "model, projector") {
        return "the roles of \"models\" must be model, or model and projector, found " + quoted(roles);
    }
    const size_t parts = models.back().parts.size();
    return models.size() == 2 && parts > 1 ? "a projector has one part, found " + std::to_string(parts) : "";
}

static std::string problem_with_runtimes(const manifest & contents) {
    if (contents.runtimes.size() > runtimes_maximum) {
        return "there are " + std::to_string(contents.runtimes.size()) + " runtimes, expected at most " +
               std::to_string(runtimes_maximum);
    }
    std::set<std::string> targets, packs;
    for (const auto & pack : contents.packs) {
        packs.insert(pack.name);
    }
    for (const auto & runtime : contents.runtimes) {
        if (!targets.insert(runtime.target).second) {
            return "two runtimes are for the same target";
        }
        if (std::max(runtime.unpacked_size, runtime.pack_skip) > program_size_maximum) {
            return "the runtime for " + runtime.target + " has " + std::to_string(runtime.unpacked_size) +
                   " bytes, expected at most " + std::to_string(program_size_maximum);
        }
        if (runtime.is_packed && packs.count(runtime.pack) == 0) {
            return "the runtime for " + runtime.target + " lies in " + quoted(runtime.pack) + ", none of \"packs\"";
        }
    }
    return "";
}

// Checks that ranges share no byte, and that entries and files share no name.
static std::string problem_with_places(std::vector<stored_range> ranges) {
    std::stable_sort(ranges.begin(), ranges.end(),
                     [](const auto & one, const auto & other) { return one.offset < other.offset; });
    uint64_t              end = artifact_head_size;
    std::set<std::string> names;
    for (const auto & range : ranges) {
        if (!range.name.empty() && !names.insert(range.name).second) {
            return "two things have the name " + quoted(range.name);
        }
        if (range.is_beside) {
            continue;
        }
        if (range.offset < end && range.size > 0) {
            return "entry " + quoted(range.name) + " at offset " + std::to_string(range.offset) +
                   " begins before offset " + std::to_string(end);
        }
        end = std::max(end, range.offset + range.size);
    }
    return "";
}

// Checks that the files that are read as a whole are not too large. To be called if no ranges overlap: then the sum is
// at most the size of the file.
static std::string problem_with_files(const std::vector<stored_range> & files) {
    uint64_t size = 0;
    for (const auto & file : files) {
        size += file.size;
    }
    return size <= small_files_maximum ? "" :
                                         "\"files\" have " + std::to_string(size) +
                                             " bytes together, expected at most " + std::to_string(small_files_maximum);
}

std::string problem_with_limits(const manifest & contents) {
    auto problem = problem_with_roles(contents.models);
    if (problem.empty()) {
        problem = problem_with_runtimes(contents);
    }
    if (problem.empty()) {
        problem = problem_with_places(all_ranges(contents));
    }
    return problem.empty() ? problem_with_files(contents.files) : problem;
}
