#pragma once
// From what the user asked for to the exact command that starts llama-server.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "engine/private_socket.h"

namespace llt::engine {

/// What to start. Unset members are chosen by plan_launch.
struct Request {
  std::optional<std::filesystem::path> binary;     ///< --llama-server
  std::optional<std::filesystem::path> model;      ///< --model
  std::vector<std::string> flags;                  ///< of the placement, or what was asked for without one
  std::map<std::string, std::string> environment;  ///< of the placement
  std::optional<int> threads;
  std::vector<std::string> passed_on;  ///< after "--": given to llama-server last, as they are
};

/// A command ready to run. `socket` owns the private folder; the folder goes with the last copy.
struct Launch {
  std::filesystem::path binary;
  std::filesystem::path model;
  std::vector<std::string> arguments;              ///< without argv[0]
  std::map<std::string, std::string> environment;  ///< added to ours, replacing what is there
  std::shared_ptr<PrivateSocket> socket;
  int threads = 1;
  std::vector<std::string> warnings;  ///< e.g. the model hardly fits into memory

  /// Where the gateway reaches it.
  [[nodiscard]] Endpoint endpoint() const;
  /// The command as one would type it, for logs and messages.
  [[nodiscard]] std::string to_string() const;

  /// For releases before August 2025, whose --flash-attn has no value ("invalid argument: on"): what it says
  /// becomes a variable, which all releases read. False when the flag is not there, or was passed on by the
  /// user with another value than `refused`.
  bool say_flash_attention_by_variable(const std::string& refused);
};

/// Finds binary and model, checks both (exists, executable, GGUF header, size, memory), chooses threads.
/// Fails with the reason that a user can act on. Starts nothing; creates the socket's folder.
[[nodiscard]] Result<Launch> plan_launch(const Request& request);

/// The binary that plan_launch would take: `asked`, else the project's engine folder, else PATH.
[[nodiscard]] Result<std::filesystem::path> find_engine(const std::optional<std::filesystem::path>& asked);

/// The model that plan_launch would take: `asked`, else the project's default model.
[[nodiscard]] Result<std::filesystem::path> find_model(const std::optional<std::filesystem::path>& asked);

}  // namespace llt::engine
