#include "gateway/request_body.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

namespace llt::gateway {
namespace {

namespace json = simdjson::ondemand;
using telemetry::Operation;
using telemetry::RequestParameters;

// Readers that leave the target alone when the value has another type.
void read(json::value value, std::optional<std::int64_t>& out) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) == simdjson::SUCCESS) out = number;
}
void read(json::value value, std::optional<double>& out) {
  double number = 0;
  if (value.get_double().get(number) == simdjson::SUCCESS) out = number;
}
void read(json::value value, std::string& out) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) out = text;
}
bool read(json::value value, std::optional<bool>& out) {
  bool flag = false;
  if (value.get_bool().get(flag) != simdjson::SUCCESS) return false;
  out = flag;
  return true;
}

// A string, or the strings of an array.
void read_strings(json::value value, std::vector<std::string>& out) {
  constexpr std::size_t kMost = 16;
  json::array array;
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    out.emplace_back(text);
  } else if (value.get_array().get(array) == simdjson::SUCCESS) {
    for (auto element : array) {
      if (element.get_string().get(text) == simdjson::SUCCESS && out.size() < kMost) out.emplace_back(text);
    }
  }
}

// A string, or the `member` of an object.
void read_string_or_member(json::value value, std::string_view member, std::string& out) {
  json::object object;
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    out = text;
  } else if (value.get_object().get(object) == simdjson::SUCCESS &&
             object[member].get_string().get(text) == simdjson::SUCCESS) {
    out = text;
  }
}

std::string output_type_of(std::string_view response_format) {
  return response_format == "text" ? "text" : response_format.starts_with("json") ? "json" : "";
}

void hash_prompt(json::value value, RequestParameters& out) {
  std::string_view raw;
  simdjson::ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return;
  simdjson::error_code error = simdjson::SUCCESS;
  if (type == json::json_type::array) {
    json::array array;
    error = value.get_array().get(array);
    if (error == simdjson::SUCCESS) error = array.raw_json().get(raw);
  } else if (type == json::json_type::string) {
    raw = value.raw_json_token();
  }
  if (error != simdjson::SUCCESS || raw.empty()) return;
  out.prompt_hash = fmt::format("{:016x}", XXH3_64bits(raw.data(), raw.size()));
}

class Inspector {
 public:
  Inspector(const std::string& body, InspectedBody& out) : body_(body), out_(out) {}

  void run(json::object object) {
    for (auto field : object) {
      std::string_view key;
      json::value value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
      if (field.value().get(value) != simdjson::SUCCESS) return;
      out_.object_empty = false;
      member(key, value);
    }
  }

 private:
  void member(std::string_view key, json::value value) {
    RequestParameters& p = out_.parameters;
    if (key == "model") return read(value, p.model);
    if (key == "stream") {
      std::optional<bool> flag;
      read(value, flag);
      p.stream = flag.value_or(false);
      return;
    }
    if (key == "messages" || key == "prompt" || key == "input") return hash_prompt(value, p);
    if (key == "return_progress") return static_cast<void>(read(value, out_.return_progress));
    if (key == "stream_options") return stream_options(value);
    if (key == "verbose" || key == "response_fields") out_.sets_verbose = true;
    sampling(key, value);
  }

  void sampling(std::string_view key, json::value value) {
    RequestParameters& p = out_.parameters;
    if (key == "max_tokens" || key == "max_completion_tokens" || key == "max_output_tokens" ||
        key == "n_predict") {
      return read(value, p.max_tokens);
    }
    if (key == "temperature") return read(value, p.temperature);
    if (key == "top_p") return read(value, p.top_p);
    if (key == "top_k") return read(value, p.top_k);
    if (key == "seed") return read(value, p.seed);
    if (key == "n") return read(value, p.choice_count);
    if (key == "frequency_penalty") return read(value, p.frequency_penalty);
    if (key == "presence_penalty") return read(value, p.presence_penalty);
    if (key == "stop" || key == "stop_sequences") return read_strings(value, p.stop_sequences);
    if (key == "dimensions") return read(value, p.dimensions);
    if (key == "encoding_format") return read_strings(value, p.encoding_formats);
    identity(key, value);
  }

  void identity(std::string_view key, json::value value) {
    RequestParameters& p = out_.parameters;
    if (key == "reasoning_effort") return read(value, p.reasoning_level);
    if (key == "reasoning") return read_string_or_member(value, "effort", p.reasoning_level);
    if (key == "previous_response_id") return read(value, p.previous_response_id);
    if (key == "conversation_id") return read(value, p.conversation_id);
    if (key == "conversation") return read_string_or_member(value, "id", p.conversation_id);
    if (key == "response_format") {
      std::string format;
      read_string_or_member(value, "type", format);
      p.output_type = output_type_of(format);
    }
  }

  void stream_options(json::value value) {
    json::object object;
    json::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS || type != json::json_type::object) return;
    out_.stream_options_start = offset(value.raw_json_token()) + 1;
    if (value.get_object().get(object) != simdjson::SUCCESS) return;
    for (auto field : object) {
      std::string_view key;
      json::value member_value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
      if (field.value().get(member_value) != simdjson::SUCCESS) return;
      out_.stream_options_empty = false;
      if (key != "include_usage") continue;
      const std::string_view token = member_value.raw_json_token();
      if (!read(member_value, out_.include_usage)) continue;
      out_.include_usage_at = offset(token);
      out_.include_usage_size = *out_.include_usage ? 4 : 5;
    }
  }

  [[nodiscard]] std::size_t offset(std::string_view token) const {
    return static_cast<std::size_t>(token.data() - body_.data());
  }

  const std::string& body_;
  InspectedBody& out_;
};

}  // namespace

InspectedBody inspect_request(const std::string& body) {
  thread_local json::parser parser;
  InspectedBody inspected;
  const std::size_t brace = body.find_first_not_of(" \t\r\n");
  if (brace == std::string::npos || body[brace] != '{') return inspected;
  LLT_CHECK(body.capacity() >= body.size() + simdjson::SIMDJSON_PADDING);
  json::document document;
  json::object object;
  if (parser.iterate(body.data(), body.size(), body.capacity()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return inspected;
  }
  inspected.is_object = true;
  inspected.object_start = brace + 1;
  Inspector(body, inspected).run(object);
  return inspected;
}

namespace {

Injected measure_llama_cpp(std::string& body, const InspectedBody& inspected, const Route& route,
                           bool ask_slot) {
  Injected injected;
  // The Responses and Messages APIs weave progress into events of their own; there the engine's timings tell
  // queue and prefill apart.
  const bool plain_api = route.api == Api::openai || route.api == Api::native;
  if (plain_api && inspected.parameters.stream && !inspected.return_progress) {
    body.insert(inspected.object_start, "\"return_progress\":true,");
    injected.progress = true;
  }
  // `verbose` alone would repeat the whole prompt in the answer; `response_fields` cuts that down to the
  // slot. Native answers name it anyway, and what is not a completion never does.
  const bool completion = route.operation == Operation::chat || route.operation == Operation::text_completion;
  if (ask_slot && route.api == Api::openai && completion && !inspected.sets_verbose) {
    body.insert(inspected.object_start, "\"verbose\":true,\"response_fields\":[\"id_slot\"],");
    injected.slot = true;
  }
  return injected;
}

}  // namespace

Injected make_measurable(std::string& body, const InspectedBody& inspected, const Route& route,
                         Dialect dialect, bool ask_slot) {
  Injected injected;
  if (!inspected.is_object || inspected.object_empty) return injected;
  if (dialect == Dialect::llama_cpp) return measure_llama_cpp(body, inspected, route, ask_slot);
  if (!inspected.parameters.stream) return injected;
  if (route.api != Api::openai || inspected.include_usage == true) return injected;
  injected.usage = true;
  if (inspected.include_usage.has_value()) {
    body.replace(inspected.include_usage_at, inspected.include_usage_size, "true");
  } else if (inspected.stream_options_start) {
    body.insert(*inspected.stream_options_start,
                inspected.stream_options_empty ? "\"include_usage\":true" : "\"include_usage\":true,");
  } else {
    body.insert(inspected.object_start, "\"stream_options\":{\"include_usage\":true},");
  }
  return injected;
}

}  // namespace llt::gateway
