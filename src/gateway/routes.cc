#include "gateway/routes.h"

#include <algorithm>
#include <array>

namespace llt::gateway {
namespace {

using telemetry::Operation;

// The routes of llama-server that infer, and their aliases without /v1.
constexpr std::array kInference{
    Route{"/v1/chat/completions", Operation::chat, Api::openai},
    Route{"/chat/completions", Operation::chat, Api::openai},
    Route{"/v1/completions", Operation::text_completion, Api::openai},
    Route{"/completions", Operation::text_completion, Api::native},
    Route{"/completion", Operation::text_completion, Api::native},
    Route{"/v1/embeddings", Operation::embeddings, Api::openai},
    Route{"/embeddings", Operation::embeddings, Api::native},
    Route{"/embedding", Operation::embeddings, Api::native},
    Route{"/v1/responses", Operation::chat, Api::responses},
    Route{"/responses", Operation::chat, Api::responses},
    Route{"/v1/messages", Operation::chat, Api::anthropic},
    Route{"/v1/rerank", Operation::rerank, Api::openai},
    Route{"/v1/reranking", Operation::rerank, Api::openai},
    Route{"/rerank", Operation::rerank, Api::openai},
    Route{"/reranking", Operation::rerank, Api::openai},
    Route{"/infill", Operation::infill, Api::native},
};

// Routes that are only timed, under their own names.
constexpr std::array<std::string_view, 17> kTimed{"/health",
                                                  "/v1/health",
                                                  "/metrics",
                                                  "/props",
                                                  "/slots",
                                                  "/models",
                                                  "/v1/models",
                                                  "/tokenize",
                                                  "/detokenize",
                                                  "/apply-template",
                                                  "/v1/messages/count_tokens",
                                                  "/lora-adapters",
                                                  "/api/show",
                                                  "/api/tags",
                                                  "/v1/audio/transcriptions",
                                                  "/models/load",
                                                  "/models/unload"};

}  // namespace

Route find_route(std::string_view method, std::string_view path) noexcept {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (const auto it = std::ranges::find(kInference, path, &Route::name); it != kInference.end()) {
    return method == "POST" ? *it : Route{it->name, Operation::none, it->api};
  }
  if (const auto it = std::ranges::find(kTimed, path); it != kTimed.end()) return Route{*it};
  if (path.starts_with("/slots/")) return Route{"/slots/{id}"};
  return Route{"other"};
}

}  // namespace llt::gateway
