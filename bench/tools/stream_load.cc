// Sends the same chat request over a number of keep-alive connections, one after the other on each, and
// reports times and counts as one JSON document.
//
// usage: stream_load HOST PORT CONNECTIONS SECONDS BODY-FILE [REQUESTS-PER-CONNECTION [fresh]]
//
// With REQUESTS-PER-CONNECTION (0: no limit) each connection stops after so many, or after SECONDS. With
// `fresh` every request gets a connection of its own: llama-server often closes a kept connection,
// unanswered, when the next request follows a streamed answer at once.

#include <algorithm>
#include <boost/asio.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "response_reader.h"

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);

struct Plan {
  tcp::endpoint server;
  std::string request;
  Clock::time_point end;
  std::uint64_t requests_each = 0;  // 0: until the end
  bool fresh = false;               // a connection of its own for every request
};

struct Totals {
  std::vector<double> first_us;  // request written → first content
  std::vector<double> total_us;  // request written → answer complete
  std::vector<double> pace_us;   // time per token after the first content
  std::uint64_t errors = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t content_events = 0;
  std::uint64_t tokens = 0;
};

double microseconds(Clock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

// stale: the server had closed the kept connection before it read the request, as HTTP allows; try a new one.
enum class Outcome { kDone, kFailed, kStale };

asio::awaitable<Outcome> one_request(tcp::socket& socket, const Plan& plan, Totals& totals) {
  const auto begun = Clock::now();
  auto first = Clock::time_point::max();
  const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(plan.request), kUse);
  if (write_error || written != plan.request.size()) co_return Outcome::kStale;
  bool answered = false;
  auto last = begun;
  ResponseReader reader;
  char buffer[16384];
  while (!reader.complete()) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), kUse);
    const auto now = Clock::now();
    const std::uint64_t events_before = reader.content_events();
    if (error && !answered) co_return Outcome::kStale;
    answered = true;
    if (error || !reader.feed({buffer, size})) co_return Outcome::kFailed;
    if (reader.content_events() > events_before) last = now;
    if (first == Clock::time_point::max() && reader.has_content()) first = now;
  }
  if (reader.status() != 200 || first == Clock::time_point::max()) co_return Outcome::kFailed;
  totals.first_us.push_back(microseconds(first - begun));
  totals.total_us.push_back(microseconds(Clock::now() - begun));
  // Content events can be fewer than tokens: an engine holds back half a character.
  const std::uint64_t tokens = reader.tokens() > 0 ? reader.tokens() : reader.content_events();
  if (tokens > 1) totals.pace_us.push_back(microseconds(last - first) / static_cast<double>(tokens - 1));
  totals.content_events += reader.content_events();
  totals.tokens += reader.tokens();
  co_return Outcome::kDone;
}

asio::awaitable<void> connection(const Plan& plan, Totals& totals) {
  tcp::socket socket(co_await asio::this_coro::executor);
  std::uint64_t done = 0;
  bool kept = false;  // the connection has served a request before
  while (Clock::now() < plan.end && (plan.requests_each == 0 || done < plan.requests_each)) {
    if (!socket.is_open()) {
      const auto [error] = co_await socket.async_connect(plan.server, kUse);
      if (error) {
        ++totals.errors;
        co_return;
      }
      socket.set_option(tcp::no_delay(true));
    }
    const Outcome outcome = co_await one_request(socket, plan, totals);
    const bool retry = outcome == Outcome::kStale && kept;
    if (!retry) ++done;
    kept = outcome == Outcome::kDone;
    if (kept && !plan.fresh) continue;
    if (!kept) ++(retry ? totals.reconnects : totals.errors);
    kept = false;
    boost::system::error_code ignored;
    socket.close(ignored);
  }
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

void print_times(const char* name, std::vector<double>& values) {
  std::cout << '"' << name << "\":{";
  if (!values.empty()) {
    std::cout << "\"p50\":" << percentile(values, 0.5) << ",\"p90\":" << percentile(values, 0.9)
              << ",\"p99\":" << percentile(values, 0.99);
  }
  std::cout << "},";
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr
        << "usage: stream_load HOST PORT CONNECTIONS SECONDS BODY-FILE [REQUESTS-PER-CONNECTION [fresh]]\n";
    return 2;
  }
  const std::string body = read_file(argv[5]);
  Plan plan;
  plan.server = {asio::ip::make_address(argv[1]), static_cast<std::uint16_t>(std::atoi(argv[2]))};
  plan.request =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  const auto begun = Clock::now();
  plan.end = begun + std::chrono::milliseconds(static_cast<std::int64_t>(1000 * std::atof(argv[4])));
  if (argc > 6) plan.requests_each = static_cast<std::uint64_t>(std::atoll(argv[6]));
  plan.fresh = argc > 7 && std::string_view(argv[7]) == "fresh";
  Totals totals;
  asio::io_context context(1);
  for (int i = 0; i < std::atoi(argv[3]); ++i)
    asio::co_spawn(context, connection(plan, totals), asio::detached);
  context.run();
  const double seconds = microseconds(Clock::now() - begun) / 1e6;
  std::cout << std::fixed << "{\"requests\":" << totals.total_us.size() << ",\"errors\":" << totals.errors
            << ",\"reconnects\":" << totals.reconnects << ",\"seconds\":" << seconds
            << ",\"content_events\":" << totals.content_events << ",\"tokens\":" << totals.tokens << ',';
  print_times("first_us", totals.first_us);
  print_times("total_us", totals.total_us);
  print_times("pace_us", totals.pace_us);
  std::cout << "\"requests_per_second\":" << static_cast<double>(totals.total_us.size()) / seconds << "}\n";
  return totals.total_us.empty() ? 1 : 0;
}
