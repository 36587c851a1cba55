#pragma once
// The GPUs of this machine as a planner wants them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gpus/gpus.h"
#include "placement/card.h"

namespace llt::app {

struct MachineCards {
  std::vector<placement::Card> cards;  ///< those that CUDA_VISIBLE_DEVICES leaves
  std::uint64_t ram_bytes = 0;
  std::string from;  ///< where they were read, or why there are none
};

/// Takes milliseconds.
[[nodiscard]] MachineCards cards_here();

/// Whether CUDA_VISIBLE_DEVICES, nullptr when it is not set, leaves this GPU visible: it names indices or the
/// beginnings of UUIDs; what follows something else does not count (CUDA C++ Programming Guide, environment
/// variables).
[[nodiscard]] bool is_visible(const gpus::Gpu& gpu, const char* visible_devices);

}  // namespace llt::app
