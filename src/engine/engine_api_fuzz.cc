// Any bytes as the body of an answer.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "engine/engine_api.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llt::engine;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto props = parse_props(body)) LLT_CHECK(props->commit != "unknown");
  if (const auto models = parse_models(body)) LLT_CHECK(models->names.size() <= 1000);
  if (const auto slots = parse_slots(body)) LLT_CHECK(slots->busy <= slots->total);
  static_cast<void>(metric_value(body, "llamacpp:requests_deferred"));
  static_cast<void>(parse_version(body));
  return 0;
}
