#pragma once
// HTTP to servers of others: TLS with checked certificates, proxies by the usual environment variables. By
// libcurl, which the OTLP exporters bring anyway.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace llt::views {

/// How often a service is asked that does not answer or is busy.
inline constexpr int kAttempts = 4;
/// Of a refusal's body, in our errors.
inline constexpr std::size_t kShownBytes = 300;

struct HttpCall {
  std::string method = "POST";
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value"; "Name:" leaves out one that would be sent
  std::string body;
  std::optional<std::filesystem::path> body_file;  ///< instead of `body`
  bool once = false;  ///< over a new connection: on an old one that has died libcurl would send it again
};

struct HttpReply {
  int status = 0;
  std::string body;                  ///< the first MiB
  std::optional<int> retry_after_s;  ///< what the server asks for
  std::string location;              ///< where it redirects to
};

struct HttpTrust {
  std::optional<std::string> ca_file;          ///< PEM; nothing: SSL_CERT_FILE, then the system's
  std::string client_certificate, client_key;  ///< PEM files; empty: none
};

/// The file of certificates to trust; nothing: there is none where distributions keep it.
[[nodiscard]] std::optional<std::string> trusted_certificates(const HttpTrust& trust);

/// Told how many bytes of a body are sent.
using SendProgress = std::function<void(std::uint64_t sent, std::uint64_t total)>;

/// One connection that is used again for the next call. One thread.
class HttpSession {
 public:
  explicit HttpSession(HttpTrust trust);
  ~HttpSession();

  /// Any status is a reply. Redirects are not followed. Gives up when a connection takes longer than 10 s or
  /// nothing moves for `silence_s`. Errors: not_found (no such host), unavailable (cannot connect, or the
  /// connection broke), permission_denied (a certificate that is not trusted), timeout.
  [[nodiscard]] Result<HttpReply> call(const HttpCall& call, const SendProgress& progress = {},
                                       int silence_s = 60);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether the same call may do better later: a server that is overloaded or restarting.
[[nodiscard]] bool is_passing(int status);

}  // namespace llt::views
