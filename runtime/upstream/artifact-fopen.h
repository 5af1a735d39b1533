#pragma once

// Opens files inside the artifact for the loaders of llama.cpp. All of them open files with ggml_fopen, which asks
// mkexe::current() for paths that begin with artifact_path_prefix.

#include "artifact/artifact.h"
#include "upstream/hooks.h"

// Hooks that find the entries of an artifact. The artifact must outlive them.
class artifact_hooks : public mkexe::hooks {
  public:
    explicit artifact_hooks(const artifact & source) : source_(source) {}

    std::string file_of(const std::string & path) const override;
    std::FILE * open_entry(const std::string & name) const override;

  private:
    const artifact & source_;
};
