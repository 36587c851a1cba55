#include "gpus/amd.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

namespace llt::gpus {
namespace {

namespace fs = std::filesystem;

// The files of the kernel's driver, laid out in a folder of the test's own.
class Drm : public testing::Test {
 protected:
  Drm() {
    std::string pattern = fs::temp_directory_path() / "llt-drm-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~Drm() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  void card(const std::string& name, const std::string& vendor) const {
    write(name + "/device/vendor", vendor);
    write(name + "/device/mem_info_vram_total", "25753026560");
    write(name + "/device/mem_info_vram_used", "1000000000");
  }
  fs::path root_;
};

TEST_F(Drm, FindsCardsOfTheMakerOnly) {
  card("card1", "0x1002");
  card("card0", "0x10de");
  card("card2", "0x1002");
  card("card2-DP-1", "0x1002");
  write("card3/device/vendor", "0x1002");  // no memory of its own
  const auto cards = amd_cards(2, root_);
  ASSERT_EQ(cards.size(), 2u);
  EXPECT_EQ(cards[0].index, 2);
  EXPECT_EQ(cards[1].device, root_ / "card2/device");
  EXPECT_TRUE(amd_cards(0, root_ / "nothing").empty());
}

TEST_F(Drm, ReadsWhatIsThere) {
  card("card0", "0x1002");
  write("card0/device/gpu_busy_percent", "87");
  write("card0/device/product_name", "Radeon RX 7900 XTX");
  write("card0/device/hwmon/hwmon3/power1_average", "210000000");
  write("card0/device/hwmon/hwmon3/temp1_input", "64000");
  write("card0/device/hwmon/hwmon3/freq1_input", "2300000000");
  write("card0/device/hwmon/hwmon3/energy1_input", "5000000");
  const auto cards = amd_cards(0, root_);
  ASSERT_EQ(cards.size(), 1u);
  const Reading reading = read(cards[0]);
  EXPECT_EQ(reading.utilization, 0.87);
  EXPECT_EQ(reading.power_watts, 210.0);
  EXPECT_EQ(reading.temperature_celsius, 64.0);
  EXPECT_EQ(reading.sm_clock_hz, 2'300'000'000u);
  EXPECT_EQ(reading.memory_used_bytes, 1'000'000'000u);
  EXPECT_EQ(read_slow(cards[0]).energy_joules, 5.0);
  EXPECT_EQ(describe(cards[0]).name, "Radeon RX 7900 XTX");
  EXPECT_EQ(describe(cards[0]).vendor, Vendor::amd);
}

TEST_F(Drm, WhatIsMissingOrNonsenseIsUnknown) {
  card("card0", "0x1002");
  write("card0/device/gpu_busy_percent", "N/A");
  write("card0/device/hwmon/hwmon0/power1_average", "");
  write("card0/device/hwmon/hwmon0/temp1_input", "-5");
  const Reading reading = read(amd_cards(0, root_).at(0));
  EXPECT_FALSE(reading.utilization || reading.memory_activity || reading.power_watts ||
               reading.temperature_celsius);
  EXPECT_FALSE(read_slow(amd_cards(0, root_).at(0)).energy_joules);
}

}  // namespace
}  // namespace llt::gpus
