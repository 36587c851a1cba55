#pragma once
// What an answer says about itself: tokens, timings, finish reasons. One reader for every API, because
// their member names do not collide.

#include <string_view>

#include "telemetry/request_record.h"

namespace llt::gateway {

/// What one stream event or one plain answer held, beside the facts it added.
struct EventContent {
  bool parsed = false;         ///< the data was a JSON object
  bool has_content = false;    ///< text, reasoning or a tool call for the client
  bool has_progress = false;   ///< llama.cpp's prompt_progress
  bool choices_empty = false;  ///< `choices` was there and empty: OpenAI's usage chunk
  bool has_usage = false;
  bool has_error = false;
  bool usage_is_null = false;  ///< "usage":null, which servers add when include_usage is on
  std::size_t usage_null_at = 0, usage_null_size = 0;  ///< that member with its comma, as bytes of the data
  std::size_t verbose_at = 0, verbose_size = 0;        ///< llama.cpp's `__verbose` likewise; size 0: none
};

/// Collects the facts of one answer. One per request; not thread-safe.
class AnswerReader {
 public:
  explicit AnswerReader(telemetry::ResponseFacts& facts) : facts_(facts) {}

  /// `data` is one JSON document followed by at least SIMDJSON_PADDING readable bytes. Damaged JSON gives
  /// parsed = false and changes nothing that was read before.
  EventContent read(std::string_view data);

 private:
  friend class EventReader;
  telemetry::ResponseFacts& facts_;
  std::int64_t final_predicted_n_ = 0;  ///< summed over the choices that have ended
  std::int64_t choices_ended_ = 0;
  bool usage_chunk_seen_ = false;
};

}  // namespace llt::gateway
