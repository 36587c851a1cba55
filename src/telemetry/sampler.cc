#include "telemetry/sampler.h"

#include <cstdlib>
#include <string>

#include "base/log.h"

namespace llt::telemetry {
namespace {

double ratio_argument(const Environment& environment) {
  const auto text = environment("OTEL_TRACES_SAMPLER_ARG");
  if (!text) return 1.0;
  char* end = nullptr;
  const double ratio = std::strtod(text->c_str(), &end);
  if (end == text->c_str() || *end != '\0' || !(ratio >= 0 && ratio <= 1)) {
    spdlog::warn("OTEL_TRACES_SAMPLER_ARG={} is not a ratio from 0 to 1; using 1", *text);
    return 1.0;
  }
  return ratio;
}

}  // namespace

Sampler Sampler::from_environment(const Environment& environment) {
  constexpr std::string_view kPrefix = "parentbased_";
  const std::string name = environment("OTEL_TRACES_SAMPLER").value_or("parentbased_always_on");
  Sampler sampler;
  sampler.parent_based_ = name.starts_with(kPrefix);
  const std::string_view root = std::string_view(name).substr(sampler.parent_based_ ? kPrefix.size() : 0);
  if (root == "always_off") {
    sampler.off_ = true;
  } else if (root == "traceidratio") {
    const double ratio = ratio_argument(environment);
    sampler.off_ = ratio == 0;
    // 2^64 itself does not fit: a ratio of 1 keeps the default.
    if (ratio < 1) sampler.threshold_ = static_cast<std::uint64_t>(ratio * 18446744073709551616.0);
  } else if (root != "always_on") {
    spdlog::warn("OTEL_TRACES_SAMPLER={} is not known; using parentbased_always_on", name);
    return Sampler{};
  }
  return sampler;
}

bool Sampler::decide(const TraceId& trace, std::optional<bool> parent_sampled) const noexcept {
  if (parent_based_ && parent_sampled) return *parent_sampled;
  if (off_) return false;
  // The bytes that the Go SDK looks at too: what it keeps by ratio, we keep.
  std::uint64_t value = 0;
  for (std::size_t i = 8; i < trace.bytes.size(); ++i) value = value << 8 | trace.bytes[i];
  return value <= threshold_;
}

}  // namespace llt::telemetry
