// Any bytes as an HTTP answer, whole and cut in two: the same outcome, and never more than the limit.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "engine/http_probe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using llt::engine::ResponseReader;
  constexpr std::size_t kLimit = 4096;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ResponseReader whole(kLimit);
  const auto outcome = whole.feed(bytes);
  ResponseReader cut(kLimit);
  auto second = cut.feed(bytes.substr(0, size / 3));
  if (second == ResponseReader::Progress::more) second = cut.feed(bytes.substr(size / 3));
  if (outcome == ResponseReader::Progress::done && second == outcome) {
    LLT_CHECK(whole.status() == cut.status());
    const auto body = whole.take_body();
    LLT_CHECK(body.size() <= kLimit && body == cut.take_body());
  }
  return 0;
}
