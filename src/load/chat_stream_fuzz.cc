// What a server streams, in pieces: the first byte says how large.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "load/chat_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] % 64u + 1;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  llt::load::ChatStream pieces, whole;
  for (std::size_t at = 0; at < text.size(); at += piece) pieces.feed(text.substr(at, piece), 1);
  whole.feed(text, 1);
  LLT_CHECK(pieces.answer().content == whole.answer().content);
  LLT_CHECK(pieces.answer().error == whole.answer().error);
  LLT_CHECK(pieces.answer().output_tokens == whole.answer().output_tokens);
  LLT_CHECK(pieces.answer().complete == whole.answer().complete);
  return 0;
}
