#include "app/embeddings.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace llt::app {
namespace {

using analytics::Document;
using analytics::VectorTable;

// Large enough that the engine's batches are full, small enough that little is lost when one fails.
constexpr std::size_t kTextsABatch = 32, kBytesABatch = 64 * 1024;

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::data_loss, fmt::format("the server's answer to /v1/embeddings {}", what));
}

Result<> append(const nlohmann::json& numbers, VectorTable& table) {
  if (!numbers.is_array() || numbers.empty()) return bad("has no vector");
  if (table.dimensions == 0) table.dimensions = numbers.size();
  if (numbers.size() != table.dimensions)
    return bad(fmt::format("has a vector of {} numbers after one of {}", numbers.size(), table.dimensions));
  for (const auto& number : numbers) {
    if (!number.is_number() || !std::isfinite(number.get<float>()))
      return bad("has something in a vector that is no number");
    table.values.push_back(number.get<float>());
  }
  return {};
}

// The vectors of an answer in the order of the texts.
Result<std::vector<const nlohmann::json*>> vectors_of(const nlohmann::json& answer, std::size_t texts) {
  std::vector<const nlohmann::json*> vectors(texts, nullptr);
  const auto data = answer.find("data");
  if (data == answer.end() || !data->is_array()) return bad("has no member \"data\" that is a list");
  for (const auto& one : *data) {
    if (!one.is_object() || !one.contains("index") || !one["index"].is_number_unsigned() ||
        !one.contains("embedding"))
      return bad("has an entry without index and embedding");
    const auto index = one["index"].get<std::size_t>();
    if (index >= texts || vectors[index] != nullptr)
      return bad(fmt::format("has the index {} twice or too high", index));
    vectors[index] = &one["embedding"];
  }
  for (std::size_t i = 0; i < texts; ++i) {
    if (vectors[i] == nullptr) return bad(fmt::format("lacks the vector of text {} of {}", i + 1, texts));
  }
  return vectors;
}

class Embedder {
 public:
  Embedder(const EngineClient& client, const std::vector<Document>& documents, WorkFile& work)
      : client_(client), documents_(documents), work_(work) {}

  Result<VectorTable> run(const Steps& steps) {
    std::size_t next = 0;
    while (next < documents_.size()) {
      steps(next, documents_.size());
      if (const std::string* kept = work_.find(documents_[next].text)) {
        if (auto added = append(nlohmann::json::parse(*kept, nullptr, false), table_); !added)
          return std::unexpected(added.error());
        ++next;
        continue;
      }
      const std::size_t end = batch_end(next);
      if (auto done = ask(next, end); !done) return std::unexpected(with_progress(done.error(), next));
      next = end;
    }
    return std::move(table_);
  }

 private:
  std::size_t batch_end(std::size_t begin) const {
    std::size_t end = begin, bytes = 0;
    while (end < documents_.size() && end - begin < kTextsABatch && (end == begin || bytes < kBytesABatch) &&
           work_.find(documents_[end].text) == nullptr)
      bytes += documents_[end++].text.size();
    return end;
  }

  Result<> ask(std::size_t begin, std::size_t end) {
    nlohmann::json texts = nlohmann::json::array();
    for (std::size_t i = begin; i < end; ++i) texts.push_back(documents_[i].text);
    const auto answer = client_.post(
        "/v1/embeddings", {{"model", client_.model()}, {"input", texts}, {"encoding_format", "float"}});
    if (!answer) return std::unexpected(answer.error());
    const auto vectors = vectors_of(*answer, end - begin);
    if (!vectors) return std::unexpected(vectors.error());
    for (std::size_t i = begin; i < end; ++i) {
      const nlohmann::json& vector = *(*vectors)[i - begin];
      if (auto added = append(vector, table_); !added) return added;
      if (auto kept = work_.add(documents_[i].text, vector.dump()); !kept) return kept;
    }
    return {};
  }

  Error with_progress(Error error, std::size_t done) const {
    error.message += fmt::format("; {} of {} texts are done", done, documents_.size());
    if (error.hint.empty() && error.code == ErrorCode::invalid_argument)
      error.hint =
          "llama-server gives embeddings when it is started for them: llamatelemetry up ... -- --embeddings "
          "--pooling mean";
    else if (error.hint.empty())
      error.hint = work_.kept() ? "run it again to go on from there"
                                : "with --work FILE another run goes on from there";
    return error;
  }

  const EngineClient& client_;
  const std::vector<Document>& documents_;
  WorkFile& work_;
  VectorTable table_;
};

}  // namespace

Result<VectorTable> embed(const EngineClient& client, const std::vector<Document>& documents, WorkFile& work,
                          const Steps& steps) {
  return Embedder(client, documents, work).run(steps);
}

}  // namespace llt::app
