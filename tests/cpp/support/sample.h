#pragma once

// A small valid artifact, written only from docs/FORMAT.md. The readers of the runtime must accept it, and tests damage
// it. It has no ZIP records and no correct CRC-32s, because the runtime compares neither.

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

// The offsets of its parts, in bytes from the start of the file.
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

// The members of the manifest. All hashes are correct.
nlohmann::json sample_document();

// The bytes of the file with this manifest. All hashes and bounds are correct.
std::string sample_artifact(const std::string & manifest = sample_document().dump());

// Writes or reads a number of `size` bytes, little-endian.
void     store(std::string & bytes, size_t offset, size_t size, uint64_t number);
uint64_t load(const std::string & bytes, size_t offset, size_t size);

// Makes the checksum of the superblock correct after a change, as an attacker would do.
void seal(std::string & bytes);

// A file with these bytes, as long as the object exists.
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

// Sets an environment variable, as long as the object exists.
class environment_variable {
  public:
    environment_variable(const char * name, const std::string & value);
    ~environment_variable();
    environment_variable(const environment_variable &)             = delete;
    environment_variable & operator=(const environment_variable &) = delete;

  private:
    const char * name_;
};
