// Any bytes as a size, a time and a configuration: no crash, and what is taken survives being written again.

#include <cstdint>
#include <string>
#include <string_view>

#include "app/config_file.h"
#include "app/settings.h"
#include "app/units.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = llt::app::parse_size(text)) {
    LLT_CHECK(llt::app::parse_size(std::to_string(*bytes) + "B") == *bytes);
    static_cast<void>(llt::app::format_size(*bytes));
  }
  if (const auto time = llt::app::parse_duration(text)) {
    LLT_CHECK(*time >= 0);
    LLT_CHECK(llt::app::parse_duration(std::to_string(*time) + "ns") == *time);
    static_cast<void>(llt::app::format_duration(static_cast<double>(*time)));
  }
  if (const auto file = llt::app::parse_config(text, "fuzz.toml")) {
    static_cast<void>(llt::app::Settings::resolve(
        {}, [](const char*) -> const char* { return nullptr; }, *file));
  }
  return 0;
}
