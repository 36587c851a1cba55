#pragma once
// The GPUs that a plan is for, real ones or ones from a data sheet.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llt::placement {

/// CUDA's compute capability. Compares as numbers: 7.5 < 8.0 < 10.0.
struct Capability {
  int major = 0, minor = 0;
  auto operator<=>(const Capability&) const = default;
};

/// "7.5". Nothing for anything else.
[[nodiscard]] std::optional<Capability> parse_capability(std::string_view text) noexcept;

struct Card {
  std::string name;                                  ///< may be empty
  std::uint64_t total_bytes = 0;                     ///< as NVML and nvidia-smi count it
  std::uint64_t used_bytes = 0;                      ///< by processes that are not ours
  std::optional<std::uint64_t> reserved_bytes = {};  ///< that the driver keeps for itself; nothing: not known
  std::optional<Capability> capability = {};
  std::optional<double> bytes_per_second = {};  ///< memory bandwidth, from the data sheet
  std::optional<double> half_flops = {};        ///< dense f16 on tensor cores per second, from the data sheet
  std::size_t index = 0;  ///< in its machine, in PCI bus order: what NVML and CUDA_VISIBLE_DEVICES call it
};

/// Cards by the name of a machine or a card: "kaggle-2xt4", "rtx-4090"; none for "cpu". Nothing for an
/// unknown name.
[[nodiscard]] std::optional<std::vector<Card>> preset(std::string_view name);
/// All of them, separated by commas.
[[nodiscard]] std::string preset_names();

/// Fills in capability and data sheet of a card by the name that its driver gives it, where they are known.
void add_data_sheet(Card& card);

}  // namespace llt::placement
