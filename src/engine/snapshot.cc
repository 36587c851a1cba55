#include "engine/snapshot.h"

namespace llt::engine {

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::starting:
      return "starting";
    case State::loading:
      return "loading";
    case State::ready:
      return "ready";
    case State::restarting:
      return "restarting";
    case State::draining:
      return "draining";
    case State::stopped:
      return "stopped";
    case State::failed:
      return "failed";
    case State::down:
      return "down";
  }
  return "unknown";
}

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::llama_cpp:
      return "llama_cpp";
    case Kind::vllm:
      return "vllm";
    case Kind::sglang:
      return "sglang";
    case Kind::openai:
      return "openai";
  }
  return "unknown";
}

}  // namespace llt::engine
