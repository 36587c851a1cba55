// Any bytes as a request and as an answer, in pieces: no crash, and the body never outgrows its input.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "gateway/http_head.h"
#include "gateway/session.h"
#include "gateway/trace_context.h"

namespace {

template <bool is_request>
void parse(std::string_view text, std::size_t piece) {
  llt::gateway::MessageReader<is_request> reader(2048);
  boost::beast::flat_buffer input;
  llt::gateway::error_code ec;
  for (std::size_t at = 0; at < text.size() && !ec && !reader.is_done(); at += piece) {
    const auto part = text.substr(at, piece);
    std::memcpy(input.prepare(part.size()).data(), part.data(), part.size());
    input.commit(part.size());
    llt::gateway::feed(reader, input, ec);
  }
  LLT_CHECK(reader.body.size() <= text.size());
  for (std::size_t i = 0; i < reader.headers.size(); ++i) {
    static_cast<void>(llt::gateway::is_hop_by_hop(reader.headers[i], reader.headers.value("connection")));
    static_cast<void>(llt::gateway::parse_traceparent(reader.headers[i].value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  parse<true>(text, data[0] % 64u + 1);
  parse<false>(text, data[0] % 64u + 1);
  return 0;
}
