#pragma once
// A vocabulary of our own making that llama.cpp takes for a SentencePiece one.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llt::gguf {

/// The first five tokens steer, the next 256 stand for bytes, then come characters, then letter groups from
/// common to rare. Any text can be tokenised: bytes are what is left when no group fits.
struct SynthVocabulary {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> types;
  /// Tokens from the start that a model should never choose by itself: they would end an answer early or
  /// break its UTF-8.
  std::size_t silent = 0;
};

inline constexpr std::uint32_t kSynthUnknown = 0;
inline constexpr std::uint32_t kSynthBos = 1;
inline constexpr std::uint32_t kSynthEos = 2;
inline constexpr std::uint32_t kSynthEndOfTurn = 4;

inline constexpr std::uint64_t kLeastSynthTokens = 356;
inline constexpr std::uint64_t kMostSynthTokens = 4'000'000;

/// `size` tokens, within the two limits above.
[[nodiscard]] SynthVocabulary make_synth_vocabulary(std::uint64_t size);

/// A chat template in the ChatML style, with tools.
[[nodiscard]] std::string_view synth_chat_template() noexcept;

}  // namespace llt::gguf
