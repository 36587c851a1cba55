#include "views/exports/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace llt::views {
namespace {

// Each stands for itself and for names that go on after a dot: `gen_ai.prompt.0.content`.
constexpr std::array<std::string_view, 38> kContent{
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.documents",
    "gen_ai.memory.records",
    "gen_ai.memory.query.text",
    "gen_ai.evaluation.explanation",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.event.content",
    "input.value",
    "output.value",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.choices",
    "llm.completions",
    "llm.prompt_template",
    "llm.tools",
    "llm.function_call",
    "message.content",
    "message.contents",
    "embedding.text",
    "embedding.embeddings",
    "retrieval.documents",
    "reranker",
    "tool.parameters",
    "tool_call.function.arguments",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "ai.prompt",
    "ai.response",
    "ai.toolCall",
    "ai.value",
};

// A merge patch takes out the members that it gives as null.
std::string patch(std::string_view column) {
  std::string names;
  for (const std::string_view content : kContent) {
    if (!names.empty()) names += '|';
    for (const char c : content) names += c == '.' ? std::string("[.]") : std::string(1, c);
  }
  return fmt::format(
      "to_json(map_from_entries(list_transform(list_filter(json_keys({}), "
      "lambda k: regexp_full_match(k, '({})([.].*)?')), lambda k: (k, NULL::VARCHAR))))",
      column, names);
}

}  // namespace

bool is_content_attribute(std::string_view name) {
  return std::ranges::any_of(kContent, [name](std::string_view content) {
    return name.starts_with(content) && (name.size() == content.size() || name[content.size()] == '.');
  });
}

std::string without_content(std::string_view column) {
  return fmt::format("json_merge_patch({}, {})", column, patch(column));
}

std::string events_without_content(std::string_view column) {
  return fmt::format(
      "to_json(list_transform(CAST({} AS JSON[]), lambda e: json_merge_patch(e, json_object('attributes', "
      "{}))))",
      column, patch("e->'attributes'"));
}

}  // namespace llt::views
