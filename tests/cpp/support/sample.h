#pragma once

// A small valid artifact, written from docs/FORMAT.md alone: what the runtime's readers must accept, and what tests
// damage. It has no ZIP records, and its CRC-32s are no such: the runtime compares neither.

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

// Where its parts lie, in bytes from the start of the file.
enum sample_offset : uint64_t {
    sample_superblock = 64,
    sample_unpacker   = 8192,
    sample_pack       = 8256,
    sample_weights    = 65536,
    sample_page       = 65600,
    sample_style      = 65664,
    sample_license    = 65728,
    sample_manifest   = 65792,
};

// The manifest's members; every hash fits.
nlohmann::json sample_document();

// The file with this manifest; every hash and bound fits.
std::string sample_artifact(const std::string & manifest = sample_document().dump());

// A number in `size` bytes, little-endian.
void     store(std::string & bytes, size_t offset, size_t size, uint64_t number);
uint64_t load(const std::string & bytes, size_t offset, size_t size);

// Makes the superblock's checksum fit its fields, as a hostile writer would.
void seal(std::string & bytes);

// A file with these bytes, for as long as the object lives.
class temporary_file {
  public:
    explicit temporary_file(const std::string & bytes);
    ~temporary_file();
    temporary_file(const temporary_file &)             = delete;
    temporary_file & operator=(const temporary_file &) = delete;

    const std::string & path() const { return path_; }

  private:
    std::string path_;
};

// An environment variable, for as long as the object lives.
class environment_variable {
  public:
    environment_variable(const char * name, const std::string & value);
    ~environment_variable();
    environment_variable(const environment_variable &)             = delete;
    environment_variable & operator=(const environment_variable &) = delete;

  private:
    const char * name_;
};
