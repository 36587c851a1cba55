#include "gpus/amd.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>

namespace llt::gpus {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVendor = "0x1002";

std::string line_of(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// A file that is missing, empty or no number is a value that is not known.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  const std::string line = line_of(file);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc() || end == line.data()) return std::nullopt;
  return value;
}

std::optional<double> scaled(const fs::path& file, double by) {
  return number_in(file).transform([&](std::uint64_t value) { return static_cast<double>(value) * by; });
}

fs::path sensors_of(const fs::path& device) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(device / "hwmon", ignored)) return entry.path();
  return {};
}

// "card0", but not "card0-DP-1", which is a connector.
bool is_card(const fs::path& entry) {
  const std::string name = entry.filename().string();
  return name.starts_with("card") && name.size() > 4 &&
         std::all_of(name.begin() + 4, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::vector<AmdCard> amd_cards(int first_index, const fs::path& drm) {
  std::vector<AmdCard> cards;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(drm, ignored)) {
    const fs::path device = entry.path() / "device";
    if (!is_card(entry.path()) || line_of(device / "vendor") != kVendor) continue;
    // Integrated graphics without memory of its own has no such file.
    if (!number_in(device / "mem_info_vram_total")) continue;
    cards.push_back({device, sensors_of(device), 0});
  }
  std::ranges::sort(cards, {}, &AmdCard::device);
  for (AmdCard& card : cards) card.index = first_index++;
  return cards;
}

Gpu describe(const AmdCard& card) {
  Gpu gpu;
  gpu.index = card.index;
  gpu.vendor = Vendor::amd;
  gpu.name = line_of(card.device / "product_name");
  if (gpu.name.empty()) gpu.name = "AMD GPU " + line_of(card.device / "device");
  gpu.uuid = line_of(card.device / "unique_id");
  gpu.memory_total_bytes = number_in(card.device / "mem_info_vram_total").value_or(0);
  gpu.memory_used_bytes = number_in(card.device / "mem_info_vram_used").value_or(0);
  return gpu;
}

Reading read(const AmdCard& card) {
  constexpr double kPercent = 1e-2, kMicro = 1e-6, kMilli = 1e-3;
  Reading reading;
  reading.index = card.index;
  reading.utilization = scaled(card.device / "gpu_busy_percent", kPercent);
  reading.memory_activity = scaled(card.device / "mem_busy_percent", kPercent);
  reading.memory_used_bytes = number_in(card.device / "mem_info_vram_used");
  reading.memory_total_bytes = number_in(card.device / "mem_info_vram_total");
  if (card.sensors.empty()) return reading;
  reading.power_watts = scaled(card.sensors / "power1_average", kMicro);
  if (!reading.power_watts) reading.power_watts = scaled(card.sensors / "power1_input", kMicro);
  reading.temperature_celsius = scaled(card.sensors / "temp1_input", kMilli);
  reading.sm_clock_hz = number_in(card.sensors / "freq1_input");
  reading.memory_clock_hz = number_in(card.sensors / "freq2_input");
  return reading;
}

SlowReading read_slow(const AmdCard& card) {
  SlowReading reading;
  if (!card.sensors.empty()) reading.energy_joules = scaled(card.sensors / "energy1_input", 1e-6);
  return reading;
}

}  // namespace llt::gpus
