#include "telemetry/name_sets.h"

#include <string_view>

namespace llt::telemetry {

NameSets NameSets::from_environment(const Environment& environment) {
  const std::string listed = environment("OTEL_SEMCONV_STABILITY_OPT_IN").value_or("");
  NameSets sets;
  std::string_view rest = listed;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == "gen_ai_latest_experimental/dup") return {.rel = true, .main = true};
    if (item == "gen_ai_latest_experimental") sets = {.rel = false, .main = true};
  }
  return sets;
}

bool NameSets::include(names::NameSet set) const noexcept {
  switch (set) {
    case names::NameSet::rel:
      return rel;
    case names::NameSet::main:
      return main;
    case names::NameSet::both:
    case names::NameSet::own:
      return true;
  }
  return true;
}

}  // namespace llt::telemetry
