#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

// A separate folder for each case.
class temporary_folder {
  public:
    temporary_folder() {
        char name[] = "/tmp/mkexe-test-XXXXXX";
        path_       = mkdtemp(name);
    }

    ~temporary_folder() {
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
        std::filesystem::remove_all(path_);
    }

    const std::string & path() const { return path_; }

  private:
    std::string path_;
};
