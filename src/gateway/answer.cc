#include "gateway/answer.h"

#include <simdjson.h>

#include <charconv>

namespace llt::gateway {
namespace {

namespace json = simdjson::ondemand;
using telemetry::EngineTimings;
using telemetry::ResponseFacts;

bool text_of(json::value value, std::string_view& out) {
  return value.get_string().get(out) == simdjson::SUCCESS;
}

bool is_of_type(json::value value, json::json_type expected) {
  json::json_type type{};
  return value.type().get(type) == simdjson::SUCCESS && type == expected;
}

bool non_empty_text(json::value value) {
  std::string_view text;
  return text_of(value, text) && !text.empty();
}

bool non_empty_array(json::value value) {
  json::array array;
  bool empty = true;
  return value.get_array().get(array) == simdjson::SUCCESS &&
         array.is_empty().get(empty) == simdjson::SUCCESS && !empty;
}

std::optional<std::int64_t> integer_of(json::value value) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS || number < 0) return std::nullopt;
  return number;
}

double number_of(json::value value) {
  double number = 0;
  return value.get_double().get(number) == simdjson::SUCCESS && number > 0 ? number : 0;
}

// Calls visit(key, value) for each member; stops at damage.
template <class Visit>
void for_each_member(json::value value, Visit visit) {
  json::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return;
  for (auto field : object) {
    std::string_view key;
    json::value member;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
    if (field.value().get(member) != simdjson::SUCCESS) return;
    visit(key, member);
  }
}

EngineTimings timings_of(json::value value) {
  EngineTimings timings;
  for_each_member(value, [&](std::string_view key, json::value member) {
    if (key == "cache_n")
      timings.cache_n = integer_of(member);
    else if (key == "prompt_n")
      timings.prompt_n = integer_of(member).value_or(0);
    else if (key == "prompt_ms")
      timings.prompt_ms = number_of(member);
    else if (key == "predicted_n")
      timings.predicted_n = integer_of(member).value_or(0);
    else if (key == "predicted_ms")
      timings.predicted_ms = number_of(member);
    else if (key == "draft_n")
      timings.draft_n = integer_of(member);
    else if (key == "draft_n_accepted")
      timings.draft_n_accepted = integer_of(member);
  });
  return timings;
}

struct Usage {
  std::optional<std::int64_t> input, output, cached, reasoning, cache_created;
  bool anthropic = false;  ///< input_tokens excludes what was read from the cache
};

void usage_details(json::value value, std::optional<std::int64_t>& cached,
                   std::optional<std::int64_t>& reasoning) {
  for_each_member(value, [&](std::string_view key, json::value member) {
    if (key == "cached_tokens") cached = integer_of(member);
    if (key == "reasoning_tokens") reasoning = integer_of(member);
  });
}

Usage usage_of(json::value value) {
  Usage usage;
  for_each_member(value, [&](std::string_view key, json::value member) {
    if (key == "prompt_tokens" || key == "input_tokens") {
      usage.input = integer_of(member);
    } else if (key == "completion_tokens" || key == "output_tokens") {
      usage.output = integer_of(member);
    } else if (key == "cache_read_input_tokens") {
      usage.cached = integer_of(member);
      usage.anthropic = true;
    } else if (key == "cache_creation_input_tokens") {
      usage.cache_created = integer_of(member);
      usage.anthropic = true;
    } else if (key.ends_with("tokens_details")) {
      usage_details(member, usage.cached, usage.reasoning);
    }
  });
  if (usage.anthropic && usage.input) {
    *usage.input += usage.cached.value_or(0) + usage.cache_created.value_or(0);
  }
  return usage;
}

}  // namespace

// Reads one document into the answer's facts.
class EventReader {
 public:
  EventReader(AnswerReader& answer, std::string_view data)
      : answer_(answer), facts_(answer.facts_), data_(data) {}

  EventContent run(json::object object) {
    json::value value;
    const char* member_start = nullptr;
    for (auto field : object) {
      std::string_view key;
      json::raw_json_string raw_key;
      if (field.key().get(raw_key) != simdjson::SUCCESS) return content_;
      member_start = raw_key.raw() - 1;  // the quote
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return content_;
      if (field.value().get(value) != simdjson::SUCCESS) return content_;
      member(key, value, member_start);
    }
    content_.parsed = true;
    settle();
    return content_;
  }

 private:
  void member(std::string_view key, json::value value, const char* member_start) {
    if (key == "choices") return choices(value);
    if (key == "usage") return usage(value, member_start);
    if (key == "timings") {
      timings_ = timings_of(value);
      return;
    }
    if (key == "prompt_progress") return progress(value);
    if (key == "__verbose") return verbose(value, member_start);
    if (key == "error") {
      return error(value);
    }
    if (key == "id") return keep_first(value, facts_.id);
    if (key == "model") return keep_first(value, facts_.model);
    other_apis(key, value);
  }

  // The first one tells what the slot found in its cache and what is left to compute.
  void progress(json::value value) {
    content_.has_progress = true;
    if (facts_.progress_total) return;
    for_each_member(value, [&](std::string_view key, json::value member) {
      if (key == "total") facts_.progress_total = integer_of(member);
      if (key == "cache") facts_.progress_cached = integer_of(member);
    });
  }

  void verbose(json::value value, const char* member_start) {
    json::object object;
    std::string_view raw;
    if (value.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(raw) != simdjson::SUCCESS) {
      return;
    }
    const char* end = raw.data() + raw.size();
    note_verbose(member_start, end);
    // Inside a JSON string every quote has a backslash before it, so this is the member and no text.
    constexpr std::string_view kSlot = "\"id_slot\":";
    const std::size_t at = raw.find(kSlot);
    if (at == std::string_view::npos) return;
    std::int64_t slot = -1;
    const char* digits = raw.data() + at + kSlot.size();
    if (std::from_chars(digits, end, slot).ec == std::errc{} && slot >= 0) facts_.slot = slot;
  }

  // With the comma before it, or behind it when it is the first member.
  void note_verbose(const char* start, const char* end) {
    if (start[-1] == ',') {
      --start;
    } else if (end < data_.data() + data_.size() && *end == ',') {
      ++end;
    } else if (start[-1] != '{') {
      return;
    }
    content_.verbose_at = static_cast<std::size_t>(start - data_.data());
    content_.verbose_size = static_cast<std::size_t>(end - start);
  }

  // {"error":{"message":...}} of every API, or a bare text.
  void error(json::value value) {
    constexpr std::size_t kLongest = 1000;
    if (value.raw_json_token().starts_with("null")) return;
    content_.has_error = true;
    std::string_view text;
    if (!text_of(value, text)) {
      for_each_member(value, [&](std::string_view key, json::value member) {
        if (key == "message") text_of(member, text);
      });
    }
    facts_.error_message = text.substr(0, kLongest);
  }

  // Responses and Messages events, and llama-server's native completion.
  void other_apis(std::string_view key, json::value value) {
    if (key == "type") {
      std::string_view type;
      if (text_of(value, type)) content_.has_error |= type == "error";
    } else if (key == "delta") {
      delta(value);
    } else if (key == "response" || key == "message") {
      envelope(value);
    } else if (key == "content") {
      native_content(value);
    } else if (key == "tokens_evaluated") {
      tokens_evaluated_ = integer_of(value);
    } else if (key == "tokens_predicted") {
      tokens_predicted_ = integer_of(value);
    } else if (key == "stop_type" || key == "stop_reason" || key == "status") {
      finish_reason(value);
    } else if (key == "id_slot") {
      if (const auto slot = integer_of(value)) facts_.slot = slot;
    }
  }

  void choices(json::value value) {
    json::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    content_.choices_empty = true;
    for (auto element : array) {
      content_.choices_empty = false;
      json::value choice;
      if (element.get(choice) != simdjson::SUCCESS) return;
      for_each_member(choice, [&](std::string_view key, json::value member) {
        if (key == "delta" || key == "message")
          delta(member);
        else if (key == "text")
          content_.has_content |= non_empty_text(member);
        else if (key == "finish_reason")
          finish_reason(member);
      });
    }
  }

  // A chat delta or message; a Responses delta is a plain string, a Messages one has text or thinking.
  void delta(json::value value) {
    if (is_of_type(value, json::json_type::string)) {
      content_.has_content |= non_empty_text(value);
      return;
    }
    for_each_member(value, [&](std::string_view key, json::value member) {
      if (key == "content" || key == "reasoning_content" || key == "reasoning" || key == "text" ||
          key == "thinking" || key == "partial_json" || key == "refusal") {
        content_.has_content |= non_empty_text(member);
      } else if (key == "tool_calls") {
        content_.has_content |= non_empty_array(member);
      } else if (key == "stop_reason") {
        finish_reason(member);
      }
    });
  }

  void envelope(json::value value) {
    for_each_member(value, [&](std::string_view key, json::value member) {
      if (key == "usage")
        usage(member, nullptr);
      else if (key == "id")
        keep_first(member, facts_.id);
      else if (key == "model")
        keep_first(member, facts_.model);
      else if (key == "status")
        finish_reason(member);
    });
  }

  // `content` is a string in a native answer and an array of blocks in a Messages answer.
  void native_content(json::value value) {
    content_.has_content |=
        is_of_type(value, json::json_type::array) ? non_empty_array(value) : non_empty_text(value);
  }

  void usage(json::value value, const char* member_start) {
    if (value.raw_json_token().starts_with("null")) {
      if (member_start != nullptr) note_null_usage(value, member_start);
      return;
    }
    usage_ = usage_of(value);
    content_.has_usage = true;
  }

  void note_null_usage(json::value value, const char* member_start) {
    const char* end = value.raw_json_token().data() + 4;
    if (member_start > data_.data() && member_start[-1] == ',') --member_start;
    content_.usage_is_null = true;
    content_.usage_null_at = static_cast<std::size_t>(member_start - data_.data());
    content_.usage_null_size = static_cast<std::size_t>(end - member_start);
  }

  void finish_reason(json::value value) {
    std::string_view reason;
    if (!text_of(value, reason) || reason.empty() || reason == "none" || reason == "in_progress") return;
    facts_.finish_reasons.emplace_back(reason);
    ++finished_here_;
  }

  static void keep_first(json::value value, std::string& out) {
    std::string_view text;
    if (out.empty() && text_of(value, text)) out = text;
  }

  // Token counts come from the usage where there is one and from the engine's timings otherwise. Streams of
  // several choices send one ending per choice; their outputs add up and the prompt counts once.
  void settle() {
    if (timings_) settle_timings();
    if (usage_) settle_usage();
    const bool counted = usage_ || (timings_ && timings_->cache_n);
    if (tokens_evaluated_ && !counted) facts_.input_tokens = tokens_evaluated_;
    if (tokens_predicted_ && !usage_ && !timings_) facts_.output_tokens = tokens_predicted_;
    settle_cached();
  }

  // Releases before August 2025 do not say how much came from the cache, but how much they computed.
  void settle_cached() {
    if (facts_.cached_tokens || !facts_.input_tokens || !facts_.timings) return;
    if (facts_.timings->cache_n || facts_.timings->prompt_n == 0) return;
    facts_.cached_tokens = std::max<std::int64_t>(*facts_.input_tokens - facts_.timings->prompt_n, 0);
  }

  void settle_timings() {
    if (finished_here_ > 0 || content_.choices_empty) {
      answer_.final_predicted_n_ += timings_->predicted_n;
      ++answer_.choices_ended_;
      facts_.output_tokens = answer_.final_predicted_n_;
    } else {
      facts_.output_tokens = answer_.final_predicted_n_ + timings_->predicted_n;
    }
    if (timings_->cache_n) {
      facts_.cached_tokens = timings_->cache_n;
      facts_.input_tokens = *timings_->cache_n + timings_->prompt_n;
    }
    facts_.timings = timings_;
  }

  void settle_usage() {
    const bool another_choice = content_.choices_empty && answer_.usage_chunk_seen_;
    if (usage_->input) facts_.input_tokens = usage_->input;
    if (usage_->cached) facts_.cached_tokens = usage_->cached;
    if (usage_->reasoning) facts_.reasoning_tokens = usage_->reasoning;
    if (usage_->output) {
      facts_.output_tokens = another_choice ? facts_.output_tokens.value_or(0) : usage_->output;
    }
    answer_.usage_chunk_seen_ |= content_.choices_empty;
  }

  AnswerReader& answer_;
  ResponseFacts& facts_;
  std::string_view data_;
  EventContent content_;
  std::optional<EngineTimings> timings_;
  std::optional<Usage> usage_;
  std::optional<std::int64_t> tokens_evaluated_, tokens_predicted_;
  int finished_here_ = 0;
};

EventContent AnswerReader::read(std::string_view data) {
  thread_local json::parser parser;
  json::document document;
  json::object object;
  const simdjson::padded_string_view padded(data, data.size() + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return {};
  }
  return EventReader(*this, data).run(object);
}

}  // namespace llt::gateway
