#include "app/knowledge.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "analytics/text/sentences.h"

namespace llt::app {
namespace {

using analytics::Document;
using Sentences = std::vector<std::string>;

constexpr std::size_t kSentencesAPassage = 6, kBytesAPassage = 1200, kLongestSentence = 600;
constexpr int kTokensASentence = 320;  // for its entities and relations, written as JSON

struct Passage {
  const Document* document;
  Sentences sentences;
};

std::vector<Passage> passages_of(const std::vector<Document>& documents) {
  std::vector<Passage> passages;
  for (const Document& document : documents) {
    std::size_t bytes = kBytesAPassage;  // a document begins a passage
    for (std::string& sentence : analytics::sentences_of(document.text, kLongestSentence)) {
      const bool full =
          bytes + sentence.size() > kBytesAPassage || passages.back().sentences.size() == kSentencesAPassage;
      if (full) passages.push_back({&document, {}}), bytes = 0;
      bytes += sentence.size();
      passages.back().sentences.push_back(std::move(sentence));
    }
  }
  return passages;
}

nlohmann::json question_of(const EngineClient& client, const Sentences& sentences) {
  return {{"model", client.model()},
          {"messages",
           {{{"role", "system"}, {"content", analytics::facts_instruction()}},
            {{"role", "user"}, {"content", analytics::facts_question(sentences)}}}},
          {"response_format",
           {{"type", "json_schema"},
            {"json_schema",
             {{"name", "facts"},
              {"strict", true},
              {"schema", nlohmann::json::parse(analytics::facts_schema(sentences.size()))}}}}},
          {"temperature", 0},
          {"seed", 1},
          {"max_tokens", kTokensASentence * sentences.size()}};
}

Result<std::string> content_of(const nlohmann::json& answer) {
  const auto at = nlohmann::json::json_pointer("/choices/0/message/content");
  if (answer.contains(at) && answer[at].is_string()) return answer[at].get<std::string>();
  return fail(ErrorCode::data_loss, "the server's answer has no message in it");
}

class Extractor {
 public:
  Extractor(const EngineClient& client, WorkFile& work) : client_(client), work_(work) {}

  Result<> add(const Passage& passage) {
    const std::string question = analytics::facts_question(passage.sentences);
    if (const std::string* kept = work_.find(question)) {
      if (take(passage, nlohmann::json::parse(*kept, nullptr, false))) return {};
    }
    auto answer = client_.post("/v1/chat/completions", question_of(client_, passage.sentences));
    if (!answer) return std::unexpected(answer.error());
    const auto content = content_of(*answer);
    if (!content) return std::unexpected(content.error());
    const nlohmann::json kept = *content;
    if (take(passage, kept))
      return work_.add(question, kept.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return add_halves(passage);
  }

  Knowledge take_all() { return std::move(knowledge_); }

 private:
  bool take(const Passage& passage, const nlohmann::json& content) {
    if (!content.is_string()) return false;
    auto facts = analytics::parse_facts(content.get<std::string>(), passage.sentences, passage.document->id);
    if (!facts) return false;
    ++knowledge_.passages;
    std::ranges::move(facts->entities, std::back_inserter(knowledge_.facts.entities));
    std::ranges::move(facts->facts, std::back_inserter(knowledge_.facts.facts));
    return true;
  }

  Result<> add_halves(const Passage& passage) {
    const auto middle = passage.sentences.begin() + static_cast<std::ptrdiff_t>(passage.sentences.size() / 2);
    if (middle == passage.sentences.begin()) {
      ++knowledge_.passages;
      ++knowledge_.not_understood;
      return {};
    }
    if (auto done = add({passage.document, Sentences(passage.sentences.begin(), middle)}); !done) return done;
    return add({passage.document, Sentences(middle, passage.sentences.end())});
  }

  const EngineClient& client_;
  WorkFile& work_;
  Knowledge knowledge_;
};

}  // namespace

Result<Knowledge> extract_facts(const EngineClient& client, const std::vector<Document>& documents,
                                WorkFile& work, const Steps& steps) {
  Extractor extractor(client, work);
  const auto passages = passages_of(documents);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    steps(i, passages.size());
    if (auto done = extractor.add(passages[i]); !done) {
      Error error = done.error();
      error.message += fmt::format("; {} of {} passages are done", i, passages.size());
      if (error.hint.empty())
        error.hint = work.kept() ? "run it again to go on from there"
                                 : "with --work FILE another run goes on from there";
      return std::unexpected(std::move(error));
    }
  }
  return extractor.take_all();
}

}  // namespace llt::app
