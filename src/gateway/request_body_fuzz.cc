// Any bytes as a request body and as an answer: no crash, and JSON that was valid stays valid when edited.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/request_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llt::gateway;
  constexpr Route kChat{"/v1/chat/completions", llt::telemetry::Operation::chat, Api::openai};
  std::string original(reinterpret_cast<const char*>(data), size);
  original.reserve(size + 128);
  for (const Dialect dialect : {Dialect::llama_cpp, Dialect::openai}) {
    std::string body;
    body.reserve(size + 256);
    body = original;
    const InspectedBody inspected = inspect_request(body);
    const Injected injected = make_measurable(body, inspected, kChat, dialect, size % 2 == 0);
    if (!injected.any()) LLT_CHECK(body == original);
    if (nlohmann::json::accept(original)) LLT_CHECK(nlohmann::json::accept(body));
  }
  llt::telemetry::ResponseFacts facts;
  AnswerReader answer(facts);
  const EventContent content = answer.read(original);
  if (content.usage_is_null) LLT_CHECK(content.usage_null_at + content.usage_null_size <= size);
  if (content.verbose_size > 0) {
    LLT_CHECK(content.verbose_at + content.verbose_size <= size);
    std::string without = original;
    without.erase(content.verbose_at, content.verbose_size);
    if (nlohmann::json::accept(original)) LLT_CHECK(nlohmann::json::accept(without));
  }
  return 0;
}
