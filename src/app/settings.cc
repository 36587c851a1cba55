#include "app/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace llt::app {
namespace {

using enum SettingKind;

constexpr std::string_view kVariablePrefix = "LLAMATELEMETRY_";

constexpr std::array kSpecs = {
    SettingSpec{"model", text, "FILE.gguf",
                "model for a managed llama-server (default: SmolLM2-135M-Instruct)"},
    SettingSpec{"upstream", list, "URL", "attach to a running OpenAI-compatible server instead; repeatable"},
    SettingSpec{"llama-server", text, "FILE",
                "engine binary (default: the project's engine folder, then PATH)"},
    SettingSpec{"listen", text, "ADDR:PORT", "where clients connect (default 127.0.0.1:8080)"},
    SettingSpec{"console", text, "ADDR:PORT",
                "web page, its API, /metrics and /healthz (default 127.0.0.1:8081)"},
    SettingSpec{"otlp-http", text, "ADDR:PORT|off",
                "where spans of others are received over HTTP (default 127.0.0.1:4318)"},
    SettingSpec{"otlp-grpc", text, "ADDR:PORT|off",
                "where spans of others are received over gRPC (default 127.0.0.1:4317)"},
    SettingSpec{"data", text, "DIR", "the store (default ~/.local/share/llamatelemetry)"},
    SettingSpec{"store", text, "URL", "kind of store: duckdb (default duckdb)"},
    SettingSpec{"placement", text, "split|dual|single|auto",
                "how the GPUs are used: split keeps one free for analytics (default auto)"},
    SettingSpec{"tensor-split", text, "A,B,...",
                "share of the model for each GPU (default: from the placement)"},
    SettingSpec{"analytics-gpu", text, "N|none", "the GPU for analytics (default: from the placement)"},
    SettingSpec{"ctx", text, "N", "context of the engine in tokens (default: as many as fit)"},
    SettingSpec{"parallel", text, "N", "requests the engine works on at once (default 4)"},
    SettingSpec{"flash-attn", text, "on|off|auto", "FlashAttention (default auto)"},
    SettingSpec{"gpu-rate", text, "N", "readings of each GPU a second, 0 to 100; 0: none (default 10)"},
    SettingSpec{"probe", text, "on|off|auto", "look into the engine's batch steps (default auto)"},
    SettingSpec{"kernels", text, "off|graph|node", "GPU kernels: only off, this version records none"},
    SettingSpec{"capture-content", flag, "", "store prompts and answers (default off)"},
    SettingSpec{"api-key-file", text, "FILE", "keys that clients must present, one a line"},
    SettingSpec{"insecure", flag, "", "listen beyond loopback without keys"},
    SettingSpec{"retention", text, "TIME", "how long the store keeps rows (default 7d)"},
    SettingSpec{"store-max", text, "SIZE", "how large the store may get (default 10GiB)"},
    SettingSpec{"upstream-timeout", text, "TIME",
                "how long an inference server may be silent before a request fails with 504 (default 1h)"},
    SettingSpec{"drain-timeout", text, "TIME",
                "how long running requests may finish at the end (default 30s)"},
};

// Variables that are no options of `up`: of other commands, of the build and of the tests.
constexpr std::array<std::string_view, 10> kOtherVariables = {
    "BIN",       "CHROMIUM",  "CONFIG",    "DUCKDB",        "LOG_LEVEL",
    "NANOARROW", "NETWORKIT", "PROBE_DIR", "PROBE_LIBRARY", "RAPIDS"};

// Arguments for llama-server: on the command line they follow "--", so the key exists in the file only.
constexpr std::string_view kEngineArguments = "args";

const SettingSpec* spec_of(std::string_view key) {
  const auto found = std::find_if(kSpecs.begin(), kSpecs.end(), [&](const auto& s) { return s.key == key; });
  return found == kSpecs.end() ? nullptr : found;
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const auto item = text.substr(0, comma); !item.empty()) items.emplace_back(item);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return items;
}

// An empty path or number is a slip of the shell, such as an unset variable: not the same as no option.
Result<> check_not_empty(const SettingValue& value) {
  if (std::ranges::none_of(value.items, &std::string::empty)) return {};
  return fail(ErrorCode::invalid_argument, value.where + ": the value is empty",
              "give one, or leave the option out");
}

Result<> check_entry(const ConfigFile& file, const std::string& key, const ConfigEntry& entry) {
  if (key == kEngineArguments) return {};
  const SettingSpec* spec = spec_of(key);
  if (spec == nullptr) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}:{}: unknown key '{}'", file.path, entry.line, key),
                "keys are the long options of 'llamatelemetry up --help' without the dashes");
  }
  if (spec->kind != list && entry.items.size() != 1) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}:{}: '{}' takes one value, not a list", file.path, entry.line, key));
  }
  return {};
}

}  // namespace

std::span<const SettingSpec> setting_specs() { return kSpecs; }

std::string environment_name(std::string_view key) {
  std::string name(kVariablePrefix);
  for (char c : key) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::vector<std::string> unknown_variables(const char* const* environment) {
  std::vector<std::string> unknown;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::string_view name = entry.substr(0, entry.find('='));
    if (!name.starts_with(kVariablePrefix)) continue;
    const bool other = std::ranges::count(kOtherVariables, name.substr(kVariablePrefix.size())) > 0;
    const bool option =
        std::ranges::any_of(kSpecs, [&](const auto& s) { return environment_name(s.key) == name; });
    if (!other && !option) unknown.emplace_back(name);
  }
  return unknown;
}

Result<Settings> Settings::resolve(const FlagValues& flags, const Environment& environment,
                                   const ConfigFile& file) {
  Settings settings;
  for (const auto& [key, entry] : file.entries) {
    if (auto checked = check_entry(file, key, entry); !checked) return std::unexpected(checked.error());
    settings.values_[key] = {entry.items, Origin::file, fmt::format("{}:{}: {}", file.path, entry.line, key)};
  }
  for (const SettingSpec& spec : kSpecs) {
    const std::string name = environment_name(spec.key);
    const char* value = environment(name.c_str());
    if (value == nullptr || value[0] == '\0') continue;
    auto items = spec.kind == SettingKind::list ? split_commas(value) : std::vector<std::string>{value};
    settings.values_[std::string(spec.key)] = {std::move(items), Origin::environment, name};
  }
  for (const auto& [key, items] : flags) {
    settings.values_[key] = {items, Origin::flag, key == kEngineArguments ? "--" : "--" + key};
  }
  for (const auto& [key, value] : settings.values_) {
    if (key == kEngineArguments) continue;
    if (auto checked = check_not_empty(value); !checked) return std::unexpected(checked.error());
  }
  // An empty list is the same as none: "upstream = []" in the file means "not attached".
  std::erase_if(settings.values_, [](const auto& value) { return value.second.items.empty(); });
  return settings;
}

const SettingValue* Settings::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<std::string> Settings::text(std::string_view key) const {
  const SettingValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  return value->items.front();
}

std::vector<std::string> Settings::list(std::string_view key) const {
  const SettingValue* value = find(key);
  return value == nullptr ? std::vector<std::string>{} : value->items;
}

Result<bool> Settings::flag(std::string_view key) const {
  return parsed<bool>(key, false, [](const std::string& text) -> Result<bool> {
    for (std::string_view yes : {"true", "1", "on", "yes"}) {
      if (text == yes) return true;
    }
    for (std::string_view no : {"false", "0", "off", "no"}) {
      if (text == no) return false;
    }
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is neither true nor false", text));
  });
}

Error Settings::at(const SettingValue& value, Error error) {
  error.message = value.where + ": " + error.message;
  return error;
}

}  // namespace llt::app
