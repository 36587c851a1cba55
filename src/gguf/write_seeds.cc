// Writes the fuzz target's corpus, one named file for each way to be broken: write_seeds FOLDER

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "gguf/test_files.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const auto write = [&](std::string_view name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  using llt::gguf::ByteOrder;
  write("good-v3", llt::gguf::test::good_file());
  write("good-v2-big-endian", llt::gguf::test::good_file(ByteOrder::big, 2));
  for (const auto& file : llt::gguf::test::broken_files()) write(file.name, file.bytes);
  return 0;
}
