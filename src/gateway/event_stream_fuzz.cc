// Any bytes, cut anywhere, through the stream reader: no crash, and nothing but injected events is lost.
// The first byte chooses what was injected, the second the size of the pieces.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gateway/event_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using llt::gateway::AnswerReader;
  using llt::gateway::EventStream;
  if (size < 2) return 0;
  const bool progress = (data[0] & 1) != 0;
  const bool usage = (data[0] & 2) != 0;
  const bool slot = (data[0] & 4) != 0;
  const std::size_t piece = data[1] % 32u + 1;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  llt::telemetry::ResponseFacts facts;
  AnswerReader answer(facts);
  EventStream events(answer, {.progress = progress, .usage = usage, .slot = slot}, 256);
  std::string out;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    events.feed(std::string(stream.substr(at, piece)), out);
    LLT_CHECK(out.size() <= stream.size());
  }
  events.finish(out);
  if (!progress && !usage && !slot) LLT_CHECK(out == stream);
  return 0;
}
