#pragma once
// A streamed chat completion, event by event.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace llt::load {

/// What a stream had said by its end.
struct ChatAnswer {
  std::optional<SteadyNs> queue_end;          ///< llama.cpp's first progress event
  std::vector<SteadyNs> content;              ///< of each event with content, oldest first
  std::optional<std::uint64_t> input_tokens;  ///< usage
  std::optional<std::uint64_t> output_tokens;
  bool complete = false;  ///< `[DONE]` came
  std::string error;      ///< of an error event; empty without
};

/// Not thread-safe.
class ChatStream {
 public:
  /// Takes the next bytes, which came at `now`. What is no event, or no JSON, is passed over.
  void feed(std::string_view bytes, SteadyNs now);
  [[nodiscard]] const ChatAnswer& answer() const { return answer_; }

 private:
  void take_line(std::string_view line, SteadyNs now);
  void take_data(std::string_view data, SteadyNs now);

  std::string pending_;  ///< the beginning of a line
  bool too_long_ = false;
  ChatAnswer answer_;
};

}  // namespace llt::load
