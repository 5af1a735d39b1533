#include "platform/files.h"

#include "platform/system.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace fs = std::filesystem;

static fs::path to_path(const std::string & path) {
    return fs::u8path(path);
}

std::string native_path(const std::string & path) {
    return to_path(path).make_preferred().u8string();
}

std::string file_name(const std::string & path) {
    return to_path(path).filename().u8string();
}

std::string path_in_same_folder(const std::string & path, const std::string & name) {
    return to_path(path).replace_filename(to_path(name)).u8string();
}

std::string path_beside(const std::string & path, const std::string & name) {
    const auto      beside = to_path(path).replace_filename(to_path(name));
    std::error_code error;
    if (fs::exists(beside, error)) {
        return beside.u8string();
    }
    const auto target = fs::canonical(to_path(path), error).replace_filename(to_path(name));
    return (!error && fs::exists(target, error) ? target : beside).u8string();
}

static write_result problem_with(const std::string & path, const std::error_code & error) {
    const bool full = error == std::errc::no_space_on_device || error == std::errc::file_too_large;
    return { full ? write_problem::disk_full : write_problem::not_written, path + ": " + error.message() };
}

write_result make_folder(const std::string & path) {
    std::error_code error;
    if (fs::is_directory(to_path(path), error)) {
        return {};
    }
    // each of them, with any umask: others who know a name could use the files below
    const auto above = to_path(path).parent_path();
    if (!above.empty() && above != to_path(path)) {
        if (auto made = make_folder(above.u8string()); made.problem != write_problem::none) {
            return made;
        }
    }
    const bool made = fs::create_directory(to_path(path), error);
    if (error) {
        return problem_with(path, error);
    }
    if (made) {
        fs::permissions(to_path(path), fs::perms::owner_all, error);  // a folder that cannot be private is still useful
    }
    return {};
}

// Writes everything to the disk and closes the file. Returns the reason if that fails.
static std::error_code write_through(std::FILE * file, const std::string & content) {
    const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size() && flush_to_disk(file);
    const int  first   = written ? 0 : errno;
    const bool closed  = std::fclose(file) == 0;
    return { written ? (closed ? 0 : errno) : first, std::generic_category() };
}

write_result write_file(const std::string & path, const std::string & content) {
    std::error_code unknown;
    const auto      type = fs::status(to_path(path), unknown).type();
    if (type != fs::file_type::regular && type != fs::file_type::not_found) {
        return { write_problem::not_written, path + ": this is not an ordinary file" };
    }
    // a name that no person uses; a file that a killed program left there is overwritten
    const auto  beside = path_in_same_folder(path, "." + file_name(path) + ".mkexe-new");
    std::FILE * file   = make_file(beside);
    if (!file) {
        return problem_with(path, { errno, std::generic_category() });
    }
    auto error = write_through(file, content);
    if (!error) {
        fs::rename(to_path(beside), to_path(path), error);
    }
    if (error) {
        remove_file(beside);
        return problem_with(path, error);
    }
    return {};
}

bool is_there(const std::string & path) {
    std::error_code error;
    return fs::symlink_status(to_path(path), error).type() != fs::file_type::not_found;
}

bool make_empty_file(const std::string & path) {
    std::FILE * file = make_file(path);
    return file && std::fclose(file) == 0;
}

std::string reading_problem() {
    return errno == EINVAL ? "this is not an ordinary file" : std::strerror(errno);
}

result<std::string> read_file(const std::string & path, uint64_t max_bytes) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(open_for_reading(path), std::fclose);
    if (!file) {
        return failure{ path + ": " + reading_problem() };
    }
    std::string content;
    char        buffer[1 << 16];
    for (size_t count; (count = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0;) {
        if (count > max_bytes - content.size()) {
            return failure{ path + ": more than " + std::to_string(max_bytes) + " bytes" };
        }
        content.append(buffer, count);
    }
    if (std::ferror(file.get())) {
        return failure{ path + ": " + std::strerror(errno) };
    }
    return content;
}

bool remove_file(const std::string & path) {
    std::error_code error;
    fs::remove(to_path(path), error);
    return !error;
}

std::string file_stamp(const std::string & path) {
    std::error_code error;
    const auto      size = fs::file_size(to_path(path), error);
    const auto      time = error ? fs::file_time_type() : fs::last_write_time(to_path(path), error);
    return error ? "" : std::to_string(size) + " " + std::to_string((long long) time.time_since_epoch().count());
}

std::vector<std::string> list_files(const std::string & folder, const std::string & suffix) {
    std::vector<std::string> names;
    std::error_code          error;
    for (fs::directory_iterator entry(to_path(folder), error), end; !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().u8string();
        if (name.size() > suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
            names.push_back(name);
        }
    }
    return names;
}
