#include "app/machine_cards.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "engine/machine.h"

namespace llt::app {
namespace {

placement::Card to_card(const gpus::Gpu& gpu) {
  placement::Card card{
      .name = gpu.name, .total_bytes = gpu.memory_total_bytes, .used_bytes = gpu.memory_used_bytes};
  card.reserved_bytes = gpu.memory_reserved_bytes;
  card.index = static_cast<std::size_t>(gpu.index);
  placement::add_data_sheet(card);
  if (const auto capability = placement::parse_capability(gpu.compute_capability))
    card.capability = capability;
  return card;
}

enum class Match { no, yes, unreadable };

Match match(const gpus::Gpu& gpu, std::string_view device) {
  if (device.starts_with("GPU-")) return gpu.uuid.starts_with(device) ? Match::yes : Match::no;
  int index = 0;
  const auto [end, error] = std::from_chars(device.data(), device.data() + device.size(), index);
  if (error != std::errc() || end != device.data() + device.size() || index < 0) return Match::unreadable;
  return index == gpu.index ? Match::yes : Match::no;
}

}  // namespace

bool is_visible(const gpus::Gpu& gpu, const char* visible_devices) {
  if (visible_devices == nullptr) return true;
  std::string_view rest = visible_devices;
  while (true) {
    const std::size_t comma = rest.find(',');
    const Match found = match(gpu, rest.substr(0, comma));
    if (found != Match::no) return found == Match::yes;
    if (comma == std::string_view::npos) return false;
    rest.remove_prefix(comma + 1);
  }
}

MachineCards cards_here() {
  MachineCards here{.cards = {}, .ram_bytes = engine::memory_budget().total_bytes, .from = "this machine"};
  const gpus::GpuList list = gpus::list_gpus();
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  for (const gpus::Gpu& gpu : list.gpus) {
    // What is not NVIDIA's is llama-server's to use: no plan knows it.
    if (gpu.vendor == gpus::Vendor::nvidia && is_visible(gpu, visible)) here.cards.push_back(to_card(gpu));
  }
  if (!here.cards.empty()) return here;
  if (list.problem.empty() && !list.gpus.empty()) {
    here.from = "CUDA_VISIBLE_DEVICES hides all of them";
  } else {
    here.from = list.problem.empty() ? "this machine has none" : "none here: " + list.problem;
  }
  return here;
}

}  // namespace llt::app
