#include "app/up_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "app/paths.h"
#include "app/plan_input.h"
#include "app/units.h"
#include "placement/options.h"

namespace llt::app {
namespace {

constexpr std::int64_t kDefaultRetentionNs = 7 * 86'400'000'000'000;
constexpr std::uint64_t kDefaultStoreMaxBytes = 10ull << 30;
constexpr std::int64_t kDefaultUpstreamTimeoutNs = 3'600'000'000'000;
constexpr double kDefaultGpuRate = 10;
constexpr std::int64_t kDefaultDrainNs = 30'000'000'000;

// What llama-server must not be told behind our back, and what to use instead.
struct Reserved {
  std::string_view argument;
  std::string_view instead;
};
constexpr std::array kReserved = {
    Reserved{"--host", "clients connect to --listen; llama-server itself listens where only we reach it"},
    Reserved{"--port", "clients connect to --listen; llama-server itself listens where only we reach it"},
    Reserved{"--model", "use --model in front of the --"},
    Reserved{"-m", "use --model in front of the --"},
    Reserved{"--model-url", "download the file and use --model in front of the --"},
    Reserved{"-mu", "download the file and use --model in front of the --"},
    Reserved{"--hf-repo", "download the file and use --model in front of the --"},
    Reserved{"-hf", "download the file and use --model in front of the --"},
    Reserved{"-hfr", "download the file and use --model in front of the --"},
    Reserved{"--api-key", "use --api-key-file in front of the --; the gateway checks the keys"},
    Reserved{"--api-key-file", "use --api-key-file in front of the --; the gateway checks the keys"},
    Reserved{"--api-prefix", "the gateway serves llama-server's own paths"},
    Reserved{"--ssl-key-file", "put a TLS proxy in front of --listen"},
    Reserved{"--ssl-cert-file", "put a TLS proxy in front of --listen"},
};

// The same option given in front of and behind the "--".
struct Twice {
  std::string_view key, long_form, short_form;
};
constexpr std::array kTwice = {
    Twice{"ctx", "--ctx-size", "-c"},
    Twice{"parallel", "--parallel", "-np"},
    Twice{"flash-attn", "--flash-attn", "-fa"},
    Twice{"tensor-split", "--tensor-split", "-ts"},
};

template <class T>
Result<> optional_count(const Settings& settings, std::string_view key, std::uint64_t most,
                        std::optional<T>& out) {
  if (settings.find(key) == nullptr) return {};
  auto count = settings.parsed<std::uint64_t>(key, 0, [&](const std::string& text) -> Result<std::uint64_t> {
    std::uint64_t value = 0;
    const char* last = text.data() + text.size();
    const auto [end, ec] = std::from_chars(text.data(), last, value);
    if (ec == std::errc{} && end == last && value >= 1 && value <= most) return value;
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a number from 1 to {}", text, most));
  });
  if (!count) return std::unexpected(count.error());
  out = static_cast<T>(*count);
  return {};
}

Result<std::string> parse_placement(const std::string& text) {
  if (text == "auto") return std::string();
  if (text == "split" || text == "dual" || text == "single") return text;
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not one of split, dual, single, auto", text));
}

Result<placement::AnalyticsWish> parse_analytics_gpu(const std::string& text) {
  if (text == "none") return placement::AnalyticsWish{.none = true, .card = {}};
  std::size_t card = 0;
  const char* last = text.data() + text.size();
  const auto [end, ec] = std::from_chars(text.data(), last, card);
  if (ec != std::errc{} || end != last) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is neither the number of a GPU nor none", text),
                "nvidia-smi -L numbers them");
  }
  return placement::AnalyticsWish{.none = false, .card = card};
}

Result<ProbeMode> parse_probe(const std::string& text) {
  if (text == "on") return ProbeMode::on;
  if (text == "off") return ProbeMode::off;
  if (text == "auto") return ProbeMode::automatic;
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not one of on, off, auto", text));
}

Result<std::string> parse_store(const std::string& text) {
  if (text == "duckdb") return text;
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a store of this version", text),
              "the store is duckdb");
}

Result<std::string> parse_kernels(const std::string& text) {
  if (text == "off") return text;
  if (text == "graph" || text == "node")
    return fail(ErrorCode::invalid_argument, "this version does not record GPU kernels",
                "leave it out: batch steps (--probe) and GPU readings (--gpu-rate) are recorded");
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not one of off, graph, node", text));
}

std::optional<std::filesystem::path> optional_path(const Settings& settings, std::string_view key) {
  const auto text = settings.text(key);
  if (!text) return std::nullopt;
  return expand_home(*text);
}

Result<> check_engine_arguments(const Settings& settings, const std::vector<std::string>& arguments) {
  const auto has = [&](std::string_view name) {
    return !name.empty() && std::any_of(arguments.begin(), arguments.end(), [&](std::string_view argument) {
      return argument == name ||
             (argument.starts_with(name) && argument.substr(name.size()).starts_with('='));
    });
  };
  for (const Reserved& reserved : kReserved) {
    if (!has(reserved.argument)) continue;
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} cannot be passed on to llama-server", reserved.argument),
                std::string(reserved.instead));
  }
  for (const Twice& twice : kTwice) {
    const SettingValue* value = settings.find(twice.key);
    if (value == nullptr || (!has(twice.long_form) && !has(twice.short_form))) continue;
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} and {} behind the -- say the same thing twice", value->where, twice.long_form),
        "leave one of them out");
  }
  return {};
}

// --upstream and the options of an engine of our own exclude each other; what comes from a weaker place
// (a file beside a flag, say) gives way silently.
Result<> choose_engine(const Settings& settings, UpOptions& options) {
  options.model = optional_path(settings, "model");
  options.llama_server = optional_path(settings, "llama-server");
  options.engine_arguments = settings.list("args");
  const SettingValue* upstream = settings.find("upstream");
  if (upstream == nullptr) return {};
  bool attached = true;
  for (std::string_view key : {"model", "llama-server", "placement", "tensor-split", "analytics-gpu", "ctx",
                               "parallel", "flash-attn", "args"}) {
    const SettingValue* own = settings.find(key);
    if (own == nullptr || own->origin > upstream->origin) continue;
    if (own->origin == upstream->origin) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} and {} cannot go together", upstream->where, own->where),
                  "--upstream attaches to a server that runs already, the other starts one");
    }
    if (key == "model") attached = false;
  }
  if (!attached) return {};
  options.model.reset();
  options.llama_server.reset();
  options.engine_arguments.clear();
  for (const std::string& item : upstream->items) {
    auto url = BaseUrl::parse(item);
    if (!url) return std::unexpected(Settings::at(*upstream, url.error()));
    const bool twice = std::any_of(
        options.upstreams.begin(), options.upstreams.end(),
        [&](const BaseUrl& other) { return other.endpoint == url->endpoint && other.prefix == url->prefix; });
    if (twice) {
      return fail(ErrorCode::invalid_argument, fmt::format("{}: {} is given twice", upstream->where, item));
    }
    options.upstreams.push_back(std::move(*url));
  }
  return {};
}

// A placement and shares that contradict each other: "split" is one GPU with all of the model, "dual" is
// several.
Result<> check_shares(const UpOptions& options) {
  const auto busy = std::ranges::count_if(options.tensor_split, [](double share) { return share > 0; });
  if (options.tensor_split.empty() || options.placement.empty() ||
      (options.placement == "dual") == (busy > 1)) {
    return {};
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("--placement {} and a --tensor-split that gives {} a share contradict each other",
                          options.placement, busy > 1 ? "several GPUs" : "one GPU"),
              "leave one of them out; 1.0,0.0 is a split, 0.5,0.5 is dual");
}

Result<double> parse_gpu_rate(const std::string& text) {
  constexpr double kMost = 100;
  double rate = 0;
  const char* last = text.data() + text.size();
  const auto [end, ec] = std::from_chars(text.data(), last, rate);
  if (ec != std::errc{} || end != last || !(rate >= 0 && rate <= kMost)) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a number from 0 to {}", text, kMost));
  }
  return rate;
}

Result<> read_placement(const Settings& settings, UpOptions& options) {
  auto placement = settings.parsed<std::string>("placement", "", parse_placement);
  if (!placement) return std::unexpected(placement.error());
  auto split = settings.parsed<std::vector<double>>("tensor-split", {}, parse_tensor_split);
  if (!split) return std::unexpected(split.error());
  auto analytics = settings.parsed<placement::AnalyticsWish>("analytics-gpu", {}, parse_analytics_gpu);
  if (!analytics) return std::unexpected(analytics.error());
  options.placement = std::move(*placement);
  options.tensor_split = std::move(*split);
  options.analytics = *analytics;
  return check_shares(options);
}

Result<> read_engine_options(const Settings& settings, UpOptions& options) {
  if (auto done = choose_engine(settings, options); !done) return done;
  auto probe = settings.parsed<ProbeMode>("probe", ProbeMode::automatic, parse_probe);
  if (!probe) return std::unexpected(probe.error());
  options.probe = *probe;
  if (auto kernels = settings.parsed<std::string>("kernels", "off", parse_kernels); !kernels)
    return std::unexpected(kernels.error());
  if (!options.upstreams.empty()) return {};
  if (auto done = optional_count(settings, "ctx", placement::kMostTokens, options.context_tokens); !done)
    return done;
  if (auto done = optional_count(settings, "parallel", placement::kMostSlots, options.parallel); !done)
    return done;
  using Flash = std::optional<placement::FlashAttention>;
  auto flash = settings.parsed<Flash>("flash-attn", std::nullopt, parse_flash_attention);
  if (!flash) return std::unexpected(flash.error());
  options.flash_attention = *flash;
  if (auto done = read_placement(settings, options); !done) return done;
  return check_engine_arguments(settings, options.engine_arguments);
}

Result<OtlpListen> parse_otlp_listen(const Settings& settings, std::string_view key, std::uint16_t port) {
  const auto parse = [](const std::string& text) -> Result<OtlpListen> {
    if (text == "off") return OtlpListen{std::nullopt, true};
    auto endpoint = Endpoint::parse_listen(text);
    if (!endpoint) return std::unexpected(endpoint.error());
    return OtlpListen{std::move(*endpoint), true};
  };
  auto listen = settings.parsed<OtlpListen>(key, {Endpoint{"127.0.0.1", port, {}}, false}, parse);
  if (listen && listen->endpoint && listen->endpoint->is_unix()) {
    return fail(ErrorCode::invalid_argument, fmt::format("--{} needs an ADDR:PORT", key));
  }
  return listen;
}

// Whoever listens beyond this machine needs keys, or a user who says that they are not needed.
Result<> check_reachable(std::string_view flag, const Endpoint& endpoint) {
  if (endpoint.is_loopback()) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} {} is reachable from other machines, and no API key is set", flag,
                          endpoint.to_string()),
              "give --api-key-file FILE, or --insecure when the network is trusted");
}

Result<> read_addresses(const Settings& settings, UpOptions& options) {
  auto listen = settings.parsed<Endpoint>("listen", {"127.0.0.1", 8080, {}}, Endpoint::parse_listen);
  if (!listen) return std::unexpected(listen.error());
  auto console = settings.parsed<Endpoint>("console", {"127.0.0.1", 8081, {}}, Endpoint::parse_listen);
  if (!console) return std::unexpected(console.error());
  if (*listen == *console && listen->port != 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--listen and --console are both {}", listen->to_string()),
                "give them different ports");
  }
  auto http = parse_otlp_listen(settings, "otlp-http", 4318);
  if (!http) return std::unexpected(http.error());
  auto grpc = parse_otlp_listen(settings, "otlp-grpc", 4317);
  if (!grpc) return std::unexpected(grpc.error());
  auto keys = read_api_keys(settings);
  if (!keys) return std::unexpected(keys.error());
  auto insecure = settings.flag("insecure");
  if (!insecure) return std::unexpected(insecure.error());
  options.listen = *listen;
  options.console = *console;
  options.api_keys = std::move(*keys);
  options.insecure = *insecure;
  options.otlp_http = std::move(*http);
  options.otlp_grpc = std::move(*grpc);
  if (!options.api_keys.empty() || options.insecure) return {};
  if (auto safe = check_reachable("--listen", *listen); !safe) return safe;
  if (auto safe = check_reachable("--console", *console); !safe) return safe;
  for (const auto& [flag, otlp] :
       {std::pair("--otlp-http", &options.otlp_http), std::pair("--otlp-grpc", &options.otlp_grpc)}) {
    if (!otlp->endpoint) continue;
    if (auto safe = check_reachable(flag, *otlp->endpoint); !safe) return safe;
  }
  return {};
}

Result<> read_store_options(const Settings& settings, UpOptions& options) {
  options.data = data_folder(settings);
  if (auto store = settings.parsed<std::string>("store", "duckdb", parse_store); !store) {
    return std::unexpected(store.error());
  }
  auto retention = settings.parsed<std::int64_t>("retention", kDefaultRetentionNs, parse_duration);
  if (!retention) return std::unexpected(retention.error());
  auto limit = settings.parsed<std::uint64_t>("store-max", kDefaultStoreMaxBytes, parse_size);
  if (!limit) return std::unexpected(limit.error());
  auto silence = settings.parsed<std::int64_t>("upstream-timeout", kDefaultUpstreamTimeoutNs, parse_duration);
  if (!silence) return std::unexpected(silence.error());
  if (*silence <= 0) return fail(ErrorCode::invalid_argument, "--upstream-timeout must be longer than 0");
  auto rate = settings.parsed<double>("gpu-rate", kDefaultGpuRate, parse_gpu_rate);
  if (!rate) return std::unexpected(rate.error());
  options.gpu_rate = *rate;
  auto drain = settings.parsed<std::int64_t>("drain-timeout", kDefaultDrainNs, parse_duration);
  if (!drain) return std::unexpected(drain.error());
  auto capture = settings.flag("capture-content");
  if (!capture) return std::unexpected(capture.error());
  options.retention_ns = *retention;
  options.store_max_bytes = *limit;
  options.upstream_timeout_ns = *silence;
  options.drain_timeout_ns = *drain;
  options.capture_content = *capture;
  return {};
}

}  // namespace

std::filesystem::path data_folder(const Settings& settings) {
  const auto given = settings.text("data");
  return given ? expand_home(*given) : data_home() / "llamatelemetry";
}

Result<std::vector<std::string>> read_api_keys(const Settings& settings) {
  std::vector<std::string> keys;
  const SettingValue* value = settings.find("api-key-file");
  if (value == nullptr) return keys;
  const auto path = expand_home(value->items.front());
  std::ifstream in(path);
  if (!in) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: cannot open {}: {}", value->where, path.string(), std::strerror(errno)));
  }
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    keys.push_back(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  if (keys.empty()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {} holds no key", value->where, path.string()),
                "write one key a line");
  }
  return keys;
}

Result<UpOptions> parse_up_options(const Settings& settings) {
  UpOptions options;
  if (auto done = read_engine_options(settings, options); !done) return std::unexpected(done.error());
  if (auto done = read_addresses(settings, options); !done) return std::unexpected(done.error());
  if (auto done = read_store_options(settings, options); !done) return std::unexpected(done.error());
  return options;
}

}  // namespace llt::app
