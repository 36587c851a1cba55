// Reads one HTTP answer piece by piece and says when its first content came and when it is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

class ResponseReader {
 public:
  // Takes the bytes just read. False when they are no HTTP answer that this reader understands.
  bool feed(std::string_view bytes);

  bool complete() const { return state_ == State::kDone; }
  bool has_content() const { return content_events_ > 0; }
  int status() const { return status_; }
  // Events that carried a text delta; for a plain answer 1 once the body is complete.
  std::uint64_t content_events() const { return content_events_; }
  // Bytes of the body, without chunk framing.
  std::uint64_t body_bytes() const { return body_bytes_; }
  // usage.completion_tokens or timings.predicted_n if the answer had it, otherwise 0.
  std::uint64_t tokens() const { return tokens_; }

 private:
  enum class State { kHead, kLength, kChunkSize, kChunkData, kChunkEnd, kTrailer, kDone };

  bool parse_head();
  void body(std::string_view bytes);
  bool step();

  State state_ = State::kHead;
  std::string pending_;
  std::string line_;
  std::uint64_t left_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t content_events_ = 0;
  std::uint64_t tokens_ = 0;
  int status_ = 0;
  bool events_ = false;
};
