#pragma once
// Reading HTTP/1.x messages: Boost.Beast's parser with our own storage, which keeps header fields in one
// block of memory, in their order and spelling, and gives body bytes to a sink as they come.

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llt::gateway {

namespace http = boost::beast::http;

/// Header fields in order, spelled as received. Views live until the next clear().
class HeaderBlock {
 public:
  struct Field {
    http::field id;
    std::string_view name, value;
  };

  void clear() noexcept {
    text_.clear();
    entries_.clear();
  }
  void add(http::field id, std::string_view name, std::string_view value);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] Field operator[](std::size_t index) const noexcept;
  /// The first value of a field; empty when absent.
  [[nodiscard]] std::string_view value(http::field id) const noexcept;
  [[nodiscard]] std::string_view value(std::string_view name) const noexcept;
  /// How many fields have this name.
  [[nodiscard]] std::size_t count(http::field id) const noexcept;

 private:
  struct Entry {
    http::field id;
    std::uint32_t name_at, name_size, value_at, value_size;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

/// One message, reused for the next after reset(). Body bytes go to `body`, without chunk framing.
template <bool is_request>
class MessageReader : public http::basic_parser<is_request> {
 public:
  explicit MessageReader(std::uint32_t header_limit) {
    this->eager(true);
    this->header_limit(header_limit);
    this->body_limit(boost::none);
  }

  std::string method, target;  ///< requests
  unsigned status = 0;         ///< responses
  std::string reason;
  int version = 11;
  HeaderBlock headers;
  std::string body;  ///< the caller takes bytes out as it likes

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;

  void on_request_impl(http::verb, string_view method_text, string_view target_text, int http_version,
                       error_code& ec) override {
    ec = {};
    method.assign(method_text.data(), method_text.size());
    target.assign(target_text.data(), target_text.size());
    version = http_version;
  }
  void on_response_impl(int code, string_view reason_text, int http_version, error_code& ec) override {
    ec = {};
    status = static_cast<unsigned>(code);
    reason.assign(reason_text.data(), reason_text.size());
    version = http_version;
  }
  void on_field_impl(http::field id, string_view name, string_view value, error_code& ec) override {
    ec = {};
    if (this->is_header_done()) return;  // trailers are hop-by-hop for us: nobody asked for them
    headers.add(id, {name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code& ec) override { ec = {}; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code& ec) override { ec = {}; }
  std::size_t on_body_impl(string_view bytes, error_code& ec) override {
    ec = {};
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code& ec) override { ec = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& ec) override {
    ec = {};
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code& ec) override { ec = {}; }
};

using RequestReader = MessageReader<true>;
using ResponseReader = MessageReader<false>;

/// Whether an answer's media type is `type`, parameters aside.
[[nodiscard]] bool has_content_type(const ResponseReader& answer, std::string_view type) noexcept;
[[nodiscard]] inline bool is_event_stream(const ResponseReader& answer) noexcept {
  return has_content_type(answer, "text/event-stream");
}

/// Case-insensitive comparison of ASCII text.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;

/// Whether a comma-separated header value holds `token`.
[[nodiscard]] bool has_token(std::string_view list, std::string_view token) noexcept;

/// Whether a field speaks of this connection only and must not be forwarded (RFC 9110, 7.6.1).
/// `connection` is the message's Connection value, which may name further fields.
[[nodiscard]] bool is_hop_by_hop(const HeaderBlock::Field& field, std::string_view connection) noexcept;

/// The path of a request target without query; absolute-form targets lose scheme and authority.
[[nodiscard]] std::string_view origin_form(std::string_view target) noexcept;
[[nodiscard]] std::string_view path_of(std::string_view origin_target) noexcept;

}  // namespace llt::gateway
