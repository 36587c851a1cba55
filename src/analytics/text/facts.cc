#include "analytics/text/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/ascii.h"

namespace llt::analytics {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestName = 60, kFactsASentence = 3, kEntitiesASentence = 4;

// Blanks around it and several in a row are dropped, and quotes around the whole.
std::string tidy_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  constexpr std::string_view kAround = " \"'.,;:";
  while (!out.empty() && kAround.find(out.back()) != std::string_view::npos) out.pop_back();
  out.erase(0, std::min(out.size(), out.find_first_not_of(kAround)));
  return out;
}

std::string_view without_article(std::string_view name) {
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (name.starts_with(article) && name.size() > article.size()) return name.substr(article.size());
  }
  return name;
}

std::string key_of(std::string_view name) { return std::string(without_article(lower(name))); }

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::data_loss, fmt::format("the engine's answer {}", what));
}

std::string text_of(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? tidy_name(found->get<std::string>()) : std::string();
}

Json text_schema() { return {{"type", "string"}, {"minLength", 1}, {"maxLength", kLongestName}}; }

class GraphBuilder {
 public:
  explicit GraphBuilder(bool keep_ungrounded) : keep_ungrounded_(keep_ungrounded) {}

  DescribedGraph run(const Facts& facts) {
    graph_.about = "what the texts say of what";
    graph_.show_edges = true;
    graph_.graph.ids.keep_as_text();
    for (const Entity& entity : facts.entities) types_.try_emplace(key_of(entity.name), entity.type);
    for (const Fact& fact : facts.facts) add(fact);
    graph_.notes.emplace_back(
        "an edge is what a model read in one sentence, which stands beside it; it can be wrong");
    if (ungrounded_ != 0) {
      graph_.notes.push_back(fmt::format("{} relations {}: their sentence does not have both names in it",
                                         ungrounded_, keep_ungrounded_ ? "are doubtful" : "are left out"));
    }
    if (alone_ != 0)
      graph_.notes.push_back(fmt::format("{} relations of something to itself are left out", alone_));
    return std::move(graph_);
  }

 private:
  void add(const Fact& fact) {
    if (!is_grounded(fact)) {
      ++ungrounded_;
      if (!keep_ungrounded_) return;
    }
    if (key_of(fact.source) == key_of(fact.target)) {
      ++alone_;
      return;
    }
    const Vertex from = vertex(fact.source), to = vertex(fact.target);
    graph_.graph.edges.add(from, to);
    graph_.edge_notes.push_back({fact.relation, fact.sentence, fact.document});
  }

  Vertex vertex(const std::string& name) {
    const auto [entry, added] = names_.try_emplace(key_of(name), name);
    const auto type = types_.find(entry->first);
    return graph_.vertex(entry->second, type == types_.end()
                                            ? entry->second
                                            : fmt::format("{} ({})", entry->second, type->second));
  }

  bool keep_ungrounded_;
  DescribedGraph graph_;
  std::map<std::string, std::string> types_, names_;
  std::size_t ungrounded_ = 0, alone_ = 0;
};

}  // namespace

const std::vector<std::string>& entity_types() {
  static const std::vector<std::string> types{"person", "organisation", "place",   "product",
                                              "event",  "technology",   "concept", "other"};
  return types;
}

std::string facts_schema(std::size_t sentences) {
  const Json entity = {
      {"type", "object"},
      {"properties", {{"name", text_schema()}, {"type", {{"type", "string"}, {"enum", entity_types()}}}}},
      {"required", {"name", "type"}},
      {"additionalProperties", false}};
  Json numbers = Json::array();
  for (std::size_t i = 1; i <= sentences; ++i) numbers.push_back(i);
  const Json relation = {{"type", "object"},
                         {"properties",
                          {{"sentence", {{"enum", numbers}}},
                           {"source", text_schema()},
                           {"relation", text_schema()},
                           {"target", text_schema()}}},
                         {"required", {"sentence", "source", "relation", "target"}},
                         {"additionalProperties", false}};
  const Json schema = {
      {"type", "object"},
      {"properties",
       {{"entities", {{"type", "array"}, {"items", entity}, {"maxItems", kEntitiesASentence * sentences}}},
        {"relations", {{"type", "array"}, {"items", relation}, {"maxItems", kFactsASentence * sentences}}}}},
      {"required", {"entities", "relations"}},
      {"additionalProperties", false}};
  return schema.dump();
}

std::string facts_instruction() {
  return "You read numbered sentences and write down, as JSON, the things that they name (entities) and what "
         "they say "
         "joins two of these things (relations). Copy names exactly as they stand in the sentence. A "
         "relation is a short "
         "phrase of the sentence. Give for each relation the number of the sentence that says it. Write down "
         "only what a "
         "sentence says; when it says nothing of two things, leave it out.";
}

std::string facts_question(const std::vector<std::string>& sentences) {
  std::string text;
  for (std::size_t i = 0; i < sentences.size(); ++i) text += fmt::format("[{}] {}\n", i + 1, sentences[i]);
  return text;
}

Result<Facts> parse_facts(std::string_view answer, const std::vector<std::string>& sentences,
                          std::string_view document) {
  const auto json = Json::parse(answer, nullptr, false);
  if (json.is_discarded()) return bad("is no JSON");
  if (!json.is_object() || !json.contains("entities") || !json["entities"].is_array() ||
      !json.contains("relations") || !json["relations"].is_array())
    return bad("has no lists of entities and relations");
  Facts facts;
  for (const auto& one : json["entities"]) {
    if (!one.is_object()) return bad("has an entity that is no object");
    Entity entity{text_of(one, "name"), text_of(one, "type")};
    if (!entity.name.empty() && !entity.type.empty()) facts.entities.push_back(std::move(entity));
  }
  for (const auto& one : json["relations"]) {
    if (!one.is_object() || !one.contains("sentence") || !one["sentence"].is_number_integer())
      return bad("has a relation without the number of its sentence");
    const auto number = one["sentence"].get<std::int64_t>();
    if (number < 1 || static_cast<std::uint64_t>(number) > sentences.size())
      return bad("names a sentence that is not there");
    Fact fact{text_of(one, "source"), text_of(one, "relation"), text_of(one, "target"),
              sentences[static_cast<std::size_t>(number - 1)], std::string(document)};
    if (!fact.source.empty() && !fact.target.empty()) facts.facts.push_back(std::move(fact));
  }
  return facts;
}

bool is_grounded(const Fact& fact) {
  const std::string sentence = lower(fact.sentence);
  const auto has = [&](const std::string& name) { return sentence.find(key_of(name)) != std::string::npos; };
  return has(fact.source) && has(fact.target);
}

DescribedGraph facts_graph(const Facts& facts, bool keep_ungrounded) {
  return GraphBuilder(keep_ungrounded).run(facts);
}

}  // namespace llt::analytics
