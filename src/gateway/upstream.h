#pragma once
// The servers behind the gateway and the choice among them. Engines push state in (from any thread);
// gateway threads read it without locks.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"

namespace llt::gateway {

/// What a server speaks beyond the OpenAI API.
enum class Dialect : std::uint8_t {
  llama_cpp,  ///< return_progress, timings, native routes
  vllm,
  sglang,
  openai,  ///< nothing is known but the OpenAI API
};

enum class UpstreamState : std::uint8_t { loading, ready, down };

/// One server. Lives as long as the gateway; its name and address never change.
class Upstream {
 public:
  Upstream(std::string name, BaseUrl url, std::string api_key = {})
      : name_(std::move(name)), url_(std::move(url)), api_key_(std::move(api_key)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const BaseUrl& url() const noexcept { return url_; }
  /// Sent as "Authorization: Bearer ..." when the client sends none of its own; may be empty.
  [[nodiscard]] const std::string& api_key() const noexcept { return api_key_; }

  void set_state(UpstreamState state) noexcept { state_.store(state, std::memory_order_release); }
  [[nodiscard]] UpstreamState state() const noexcept { return state_.load(std::memory_order_acquire); }

  void set_dialect(Dialect dialect) noexcept { dialect_.store(dialect, std::memory_order_release); }
  [[nodiscard]] Dialect dialect() const noexcept { return dialect_.load(std::memory_order_acquire); }

  /// The model names this server answers to (ids and aliases of /v1/models).
  void set_models(std::vector<std::string> models);
  [[nodiscard]] bool serves(std::string_view model) const;
  [[nodiscard]] std::vector<std::string> models() const;

  /// Whether its steps are recorded, so that it is worth asking it for a request's slot.
  void set_probed(bool probed) noexcept { probed_.store(probed, std::memory_order_release); }
  [[nodiscard]] bool probed() const noexcept { return probed_.load(std::memory_order_acquire); }

  /// Requests handed over and not finished. The supervisor reads it to tell a hang from idleness.
  std::atomic<std::int64_t> outstanding{0};
  /// Monotonic time of the last byte this server sent us on any request.
  std::atomic<std::int64_t> last_byte_ns{0};

 private:
  std::string name_;
  BaseUrl url_;
  std::string api_key_;
  std::atomic<UpstreamState> state_{UpstreamState::loading};
  std::atomic<Dialect> dialect_{Dialect::openai};
  std::atomic<bool> probed_{false};
  std::atomic<std::shared_ptr<const std::vector<std::string>>> models_;
};

/// All servers. Fixed after start.
class UpstreamSet {
 public:
  Upstream& add(std::string name, BaseUrl url, std::string api_key = {});
  [[nodiscard]] const std::vector<std::unique_ptr<Upstream>>& all() const noexcept { return upstreams_; }

  /// Among ready servers: those that serve `model` by name if any do, otherwise all; of these the one with
  /// the fewest outstanding requests. A model that only servers serve which are not ready goes to no other.
  /// Fails with `unavailable` and a message that says loading or down.
  [[nodiscard]] Result<Upstream*> choose(std::string_view model) const;

  struct Model {
    std::string name;
    std::string_view upstream;  ///< the first that serves it
  };
  /// What all ready servers serve, each model once.
  [[nodiscard]] std::vector<Model> models() const;

 private:
  std::vector<std::unique_ptr<Upstream>> upstreams_;
};

}  // namespace llt::gateway
