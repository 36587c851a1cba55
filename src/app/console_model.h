#pragma once
// What the console shows of the served model: its file as a picture, and plans for other options.

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gguf/model_file.h"
#include "placement/planner.h"
#include "views/model_sources.h"

namespace llt::app {

/// Reads no file but the one it was made for. Thread-safe.
class ConsoleModel {
 public:
  /// `placement` is the one that runs; nothing when llama-server chose itself.
  ConsoleModel(std::filesystem::path model, std::optional<placement::Placement> placement)
      : path_(std::move(model)), placement_(std::move(placement)) {}

  /// As `gguf --json` without metadata and paths, with every tensor's layer, role and card.
  [[nodiscard]] Result<std::string> summary() const;
  /// As `plan --json`, with the card of each layer, and the presets there are.
  [[nodiscard]] Result<std::string> plan(const views::Parameters& parameters) const;
  [[nodiscard]] Result<views::ModelDrawing> drawing() const;

 private:
  [[nodiscard]] Result<placement::ModelShape> shape() const;

  const std::filesystem::path path_;
  const std::optional<placement::Placement> placement_;
  mutable std::mutex mutex_;
  mutable std::optional<placement::ModelShape> shape_;  ///< read once: plans come with every move of a slider
};

/// Where llama.cpp puts each layer, and behind them the output: a GPU's number, nothing for RAM.
[[nodiscard]] std::vector<std::optional<std::size_t>> layer_gpus(std::size_t layers,
                                                                 const placement::Placement& placement,
                                                                 std::optional<std::uint64_t> offloaded);

}  // namespace llt::app
