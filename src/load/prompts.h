#pragma once
// What is asked.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace llt::load {

/// What goes into every request that its prompt does not say otherwise.
struct RequestDefaults {
  std::string model;  ///< empty: the server has one only
  std::uint32_t max_tokens = 128;
  bool progress = false;  ///< ask llama.cpp when it begins with the prompt
};

/// Bodies of requests, in the order of the file: plain text has one prompt a line; a name that ends in .jsonl
/// one JSON object a line, either `{"prompt": "..."}` or a chat request (`{"messages": [...], "max_tokens":
/// ...}`), whose other members are sent as they are. Errors: invalid_argument, with the line.
[[nodiscard]] Result<std::vector<std::string>> read_prompts(const std::filesystem::path& file,
                                                            const RequestDefaults& defaults);

/// Questions of our own, of different lengths.
[[nodiscard]] std::vector<std::string> default_prompts(const RequestDefaults& defaults);

/// The lines of a file's text, as read_prompts() takes them.
[[nodiscard]] Result<std::vector<std::string>> bodies_of(const std::string& text, bool json_lines,
                                                         const RequestDefaults& defaults);

}  // namespace llt::load
