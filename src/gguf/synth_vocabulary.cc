#include "gguf/synth_vocabulary.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace llt::gguf {
namespace {

constexpr std::string_view kSpace = "\u2581";  // how SentencePiece writes a space
// By how often they occur in English, so that common groups are among the first.
constexpr std::string_view kLetters = "etaoinshrdlucmfwypvbgkjqxz";
constexpr std::array<std::string_view, 5> kSteering = {"<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"};

// Token types of llama.cpp.
constexpr std::int32_t kNormal = 1;
constexpr std::int32_t kUnknownType = 2;
constexpr std::int32_t kControl = 3;
constexpr std::int32_t kByte = 6;

constexpr std::string_view kTemplate =
    "{%- if tools %}{{ '<|im_start|>system\\nYou may call these tools:\\n' }}"
    "{%- for tool in tools %}{{ tool | tojson }}{{ '\\n' }}{%- endfor %}"
    "{{ 'Answer a call with <tool_call>{\"name\": ..., \"arguments\": ...}</tool_call><|im_end|>\\n' }}{%- "
    "endif %}"
    "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.content %}{{ message.content }}{%- endif %}"
    "{%- for call in message.tool_calls or [] %}{{ '<tool_call>{\"name\": \"' + call.function.name + '\", "
    "\"arguments\": ' }}{{ call.function.arguments | tojson }}{{ '}</tool_call>' }}{%- endfor %}"
    "{{ '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}";

class Builder {
 public:
  explicit Builder(std::uint64_t size) : size_(size) {
    made_.tokens.reserve(size);
    made_.scores.reserve(size);
    made_.types.reserve(size);
  }

  SynthVocabulary build() {
    for (const std::string_view token : kSteering) add(std::string(token), kControl, 0);
    made_.types[kSynthUnknown] = kUnknownType;
    for (int byte = 0; byte < 256; ++byte) add(fmt::format("<0x{:02X}>", byte), kByte, 0);
    made_.silent = made_.tokens.size();
    add_piece(std::string(kSpace));
    for (char c = '!'; c <= '~'; ++c) add_piece(std::string(1, c));
    LLT_CHECK(made_.tokens.size() == kLeastSynthTokens);
    for (std::size_t letters = 1; !full(); ++letters) {
      add_groups(std::string(kSpace), letters);
      add_groups("", letters + 1);
    }
    return std::move(made_);
  }

 private:
  [[nodiscard]] bool full() const { return made_.tokens.size() >= size_; }

  void add(std::string token, std::int32_t type, float score) {
    made_.tokens.push_back(std::move(token));
    made_.types.push_back(type);
    made_.scores.push_back(score);
  }

  // Earlier pieces have better scores: the tokenizer joins common groups first.
  void add_piece(std::string token) {
    const auto rank = static_cast<float>(made_.tokens.size());
    add(std::move(token), kNormal, -rank);
  }

  // All groups of so many letters behind `begin`, until the vocabulary is full.
  void add_groups(const std::string& begin, std::size_t letters) {
    if (letters == 0) return add_piece(begin);
    for (const char letter : kLetters) {
      if (full()) return;
      add_groups(begin + letter, letters - 1);
    }
  }

  std::uint64_t size_;
  SynthVocabulary made_;
};

}  // namespace

SynthVocabulary make_synth_vocabulary(std::uint64_t size) {
  LLT_CHECK(size >= kLeastSynthTokens && size <= kMostSynthTokens);
  return Builder(size).build();
}

std::string_view synth_chat_template() noexcept { return kTemplate; }

}  // namespace llt::gguf
