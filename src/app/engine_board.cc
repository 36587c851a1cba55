#include "app/engine_board.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace llt::app {

std::size_t EngineBoard::add(std::string upstream) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({std::move(upstream), {}});
  return entries_.size() - 1;
}

void EngineBoard::put(std::size_t index, engine::Snapshot snapshot) {
  const std::lock_guard lock(mutex_);
  entries_.at(index).now = std::move(snapshot);
}

engine::Snapshot EngineBoard::get(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return entries_.at(index).now;
}

std::vector<NamedSnapshot> EngineBoard::all() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

engine::Snapshot EngineBoard::representative() const {
  const std::lock_guard lock(mutex_);
  for (const NamedSnapshot& entry : entries_) {
    if (entry.now.state == engine::State::ready) return entry.now;
  }
  return entries_.empty() ? engine::Snapshot{} : entries_.front().now;
}

gateway::UpstreamState upstream_state(engine::State state) noexcept {
  switch (state) {
    case engine::State::ready:
    case engine::State::draining:
      return gateway::UpstreamState::ready;
    case engine::State::starting:
    case engine::State::loading:
    case engine::State::restarting:
      return gateway::UpstreamState::loading;
    case engine::State::stopped:
    case engine::State::failed:
    case engine::State::down:
      break;
  }
  return gateway::UpstreamState::down;
}

gateway::Dialect dialect(engine::Kind kind) noexcept {
  switch (kind) {
    case engine::Kind::llama_cpp:
      return gateway::Dialect::llama_cpp;
    case engine::Kind::vllm:
      return gateway::Dialect::vllm;
    case engine::Kind::sglang:
      return gateway::Dialect::sglang;
    case engine::Kind::openai:
      break;
  }
  return gateway::Dialect::openai;
}

telemetry::EngineFacts engine_facts(const engine::Snapshot& snapshot) {
  telemetry::EngineFacts facts;
  facts.state = to_string(snapshot.state);
  facts.model = snapshot.model;
  facts.model_path = snapshot.model_path;
  facts.architecture = snapshot.architecture;
  facts.quantization = snapshot.quantization;
  facts.build = snapshot.build;
  facts.commit = snapshot.commit;
  facts.flash_attention = snapshot.flash_attention;
  facts.context_tokens = snapshot.context_tokens;
  facts.slots = snapshot.slots;
  facts.slots_busy = snapshot.slots_busy;
  facts.requests_deferred = snapshot.requests_deferred;
  facts.pid = snapshot.pid;
  facts.restarts = snapshot.restarts;
  return facts;
}

views::EngineNow engine_now(const NamedSnapshot& entry) {
  views::EngineNow now;
  now.upstream = entry.upstream;
  now.state = to_string(entry.now.state);
  now.model = entry.now.model;
  now.architecture = entry.now.architecture;
  now.quantization = entry.now.quantization;
  now.build = entry.now.build;
  now.commit = entry.now.commit;
  now.flash_attention = entry.now.flash_attention;
  now.context_tokens = entry.now.context_tokens;
  now.slots = entry.now.slots;
  now.slots_busy = entry.now.slots_busy;
  now.requests_deferred = entry.now.requests_deferred;
  now.restarts = entry.now.restarts;
  return now;
}

std::string event_attributes(const std::string& upstream, const engine::Event& event) {
  nlohmann::ordered_json object = {{"upstream", upstream}};
  for (const auto& [name, value] : event.attributes) object[name] = value;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace llt::app
