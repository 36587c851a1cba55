// An OpenAI-compatible upstream with no model behind it: chat answers at once, plain or as a stream of equal
// chunks at a fixed rhythm. One thread; what a gateway adds to it is what the benchmark measures.
//
// usage: scripted_upstream PORT
//
// The request may carry "bench":{"chunks":N,"gap_us":N} (default 32 chunks, no gap).

#include <boost/asio.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxRequest = 16 << 20;

// The unsigned number after `"key":` in a JSON text, or `otherwise`.
std::uint64_t number_after(std::string_view text, std::string_view key, std::uint64_t otherwise) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return otherwise;
  const auto first = text.find_first_of("0123456789", at + key.size());
  if (first == std::string_view::npos) return otherwise;
  std::uint64_t value = otherwise;
  std::from_chars(text.data() + first, text.data() + text.size(), value);
  return value;
}

std::string plain(std::string_view status, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string http_chunk(std::string_view data) {
  char size[20];
  const auto end = std::to_chars(size, size + sizeof(size), data.size(), 16).ptr;
  return std::string(size, end) + "\r\n" + std::string(data) + "\r\n";
}

std::string event(std::string_view choices_and_rest) {
  return http_chunk(
      "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
      "\"model\":\"bench\"," +
      std::string(choices_and_rest) + "}\n\n");
}

std::string usage(std::uint64_t output) {
  return "\"usage\":{\"prompt_tokens\":64,\"completion_tokens\":" + std::to_string(output) +
         ",\"total_tokens\":" + std::to_string(64 + output) + "}";
}

asio::awaitable<bool> send(tcp::socket& socket, std::string_view bytes) {
  const auto [error, sent] = co_await asio::async_write(socket, asio::buffer(bytes), kUse);
  co_return !error && sent == bytes.size();
}

asio::awaitable<bool> stream(tcp::socket& socket, std::string_view body) {
  const auto chunks = number_after(body, "\"chunks\":", 32);
  const auto gap = std::chrono::microseconds(number_after(body, "\"gap_us\":", 0));
  static const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  static const std::string token =
      event(R"("choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}])");
  const std::string first =
      head +
      event(R"("choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}])");
  if (!co_await send(socket, first)) co_return false;
  asio::steady_timer timer(socket.get_executor());
  auto due = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < chunks; ++i) {
    if (!co_await send(socket, token)) co_return false;
    if (gap.count() == 0) continue;
    timer.expires_at(due += gap);
    co_await timer.async_wait(kUse);
  }
  std::string last = event(R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}])");
  if (body.find("\"include_usage\"") != std::string_view::npos)
    last += event("\"choices\":[]," + usage(chunks));
  last += http_chunk("data: [DONE]\n\n") + "0\r\n\r\n";
  co_return co_await send(socket, last);
}

asio::awaitable<bool> answer(tcp::socket& socket, std::string_view head, std::string_view body) {
  static const std::string chat = plain(
      "200 OK",
      R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,)"
      R"("message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog."},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":64,"completion_tokens":10,"total_tokens":74}})");
  static const std::string models = plain(
      "200 OK",
      R"({"object":"list","data":[{"id":"bench","object":"model","created":1700000000,"owned_by":"bench"}]})");
  static const std::string health = plain("200 OK", R"({"status":"ok"})");
  static const std::string missing =
      plain("404 Not Found", R"({"error":{"message":"no such route","code":404}})");
  if (head.starts_with("GET /health")) co_return co_await send(socket, health);
  if (head.starts_with("GET /v1/models")) co_return co_await send(socket, models);
  if (!head.starts_with("POST /v1/chat/completions")) co_return co_await send(socket, missing);
  const bool streamed = body.find("\"stream\":true") != std::string_view::npos;
  if (streamed) co_return co_await stream(socket, body);
  co_return co_await send(socket, chat);
}

// Header names are compared in lower case, as some proxies write them.
std::uint64_t content_length(std::string head) {
  for (char& c : head) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return number_after(head, "\ncontent-length:", 0);
}

asio::awaitable<void> serve(tcp::socket socket) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  std::string buffer;
  for (;;) {
    auto [error, head_size] =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer, kMaxRequest), "\r\n\r\n", kUse);
    if (error) co_return;
    const std::string head = buffer.substr(0, head_size);
    const std::size_t length = content_length(head);
    if (buffer.size() < head_size + length) {
      auto [failed, more] =
          co_await asio::async_read(socket, asio::dynamic_buffer(buffer, kMaxRequest),
                                    asio::transfer_exactly(head_size + length - buffer.size()), kUse);
      if (failed || more == 0) co_return;
    }
    if (!co_await answer(socket, head, std::string_view(buffer).substr(head_size, length))) co_return;
    buffer.erase(0, head_size + length);
  }
}

asio::awaitable<void> listen(tcp::acceptor& acceptor) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kUse);
    if (!error) asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 2 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65535) {
    std::cerr << "usage: scripted_upstream PORT\n";
    return 2;
  }
  try {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
    acceptor.listen(4096);
    asio::co_spawn(context, listen(acceptor), asio::detached);
    context.run();
  } catch (const std::exception& error) {
    std::cerr << "scripted_upstream: " << error.what() << '\n';
    return 1;
  }
}
