#include "views/exports/otlp_sender.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/ascii.h"

namespace llt::views {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

constexpr int kMostPauseS = 30;

OtlpAnswer answer_of(const collector::ExportTraceServiceResponse& response) {
  return {response.partial_success().rejected_spans(), response.partial_success().error_message()};
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  LLT_CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  LLT_CHECK(ended == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class HttpSender final : public OtlpSender {
 public:
  explicit HttpSender(const OtlpTarget& target) : target_(target), session_(target.trust) {}

  std::expected<OtlpAnswer, OtlpFailure> send(const std::string& batch) override {
    HttpCall call{"POST", target_.endpoint, {"Content-Type: application/x-protobuf"}, {}, {}};
    if (target_.gzip) call.headers.emplace_back("Content-Encoding: gzip");
    for (const auto& [name, value] : target_.headers)
      call.headers.push_back(fmt::format("{}: {}", name, value));
    call.body = target_.gzip ? gzipped(batch) : batch;
    const int silence_s = static_cast<int>(std::max<std::int64_t>(1, target_.timeout_ms / 1000));
    const auto reply = session_.call(call, {}, silence_s);
    if (!reply) {
      const bool passing =
          reply.error().code == ErrorCode::unavailable || reply.error().code == ErrorCode::timeout;
      return std::unexpected(OtlpFailure{reply.error(), passing, 0});
    }
    if (reply->status == 200) {
      collector::ExportTraceServiceResponse response;
      if (!response.ParseFromString(reply->body)) response.Clear();
      return answer_of(response);
    }
    return std::unexpected(refusal(*reply));
  }

 private:
  // The body of a refusal is a google.rpc.Status, whose second field is its message.
  OtlpFailure refusal(const HttpReply& reply) const {
    std::string words = reply.body.substr(0, kShownBytes);
    std::erase_if(words, [](unsigned char c) { return std::iscntrl(c) != 0; });
    Error error{ErrorCode::invalid_argument,
                fmt::format("the collector at {} refuses the spans ({}{}{})", target_.endpoint, reply.status,
                            words.empty() ? "" : ": ", words),
                "check that the endpoint takes OTLP traces"};
    if (reply.status == 401 || reply.status == 403) {
      error.code = ErrorCode::permission_denied;
      error.hint = "give what it asks for in OTEL_EXPORTER_OTLP_HEADERS";
    }
    if (reply.status >= 300 && reply.status < 400)
      error.hint = fmt::format("it sends us on to {}: give that with --endpoint", reply.location);
    if (reply.status >= 500 || reply.status == 429) error.code = ErrorCode::unavailable;
    return {std::move(error), is_passing(reply.status), reply.retry_after_s.value_or(0)};
  }

  const OtlpTarget target_;
  HttpSession session_;
};

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class GrpcSender final : public OtlpSender {
 public:
  explicit GrpcSender(const OtlpTarget& target) : target_(target) {
    grpc::ChannelArguments arguments;
    if (target.gzip) arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
    stub_ = collector::TraceService::NewStub(
        grpc::CreateCustomChannel(address(target.endpoint), credentials(target), arguments));
  }

  std::expected<OtlpAnswer, OtlpFailure> send(const std::string& batch) override {
    collector::ExportTraceServiceRequest request;
    LLT_CHECK(request.ParseFromString(batch));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(target_.timeout_ms));
    for (const auto& [name, value] : target_.headers) {
      context.AddMetadata(lower(name), value);  // gRPC aborts on capitals
    }
    collector::ExportTraceServiceResponse response;
    const grpc::Status status = stub_->Export(&context, request, &response);
    if (status.ok()) return answer_of(response);
    return std::unexpected(failure(status));
  }

 private:
  static std::string address(const std::string& endpoint) {
    const std::size_t scheme = endpoint.find("://");
    std::string host = scheme == std::string::npos ? endpoint : endpoint.substr(scheme + 3);
    return host.substr(0, host.find('/'));
  }

  static std::shared_ptr<grpc::ChannelCredentials> credentials(const OtlpTarget& target) {
    if (target.insecure) return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions options;
    const auto roots = trusted_certificates(target.trust);
    if (roots) options.pem_root_certs = file_text(*roots);
    if (!target.trust.client_key.empty()) options.pem_private_key = file_text(target.trust.client_key);
    if (!target.trust.client_certificate.empty())
      options.pem_cert_chain = file_text(target.trust.client_certificate);
    return grpc::SslCredentials(options);
  }

  OtlpFailure failure(const grpc::Status& status) const {
    const auto code = status.error_code();
    const bool passing = code == grpc::UNAVAILABLE || code == grpc::DEADLINE_EXCEEDED ||
                         code == grpc::ABORTED || code == grpc::CANCELLED || code == grpc::OUT_OF_RANGE ||
                         code == grpc::DATA_LOSS || code == grpc::RESOURCE_EXHAUSTED;
    Error error{
        passing ? ErrorCode::unavailable : ErrorCode::invalid_argument,
        fmt::format("the collector at {} does not take the spans: {}", target_.endpoint,
                    status.error_message().empty() ? fmt::format("gRPC status {}", static_cast<int>(code))
                                                   : status.error_message()),
        "check the endpoint, and that it speaks gRPC"};
    if (code == grpc::UNAUTHENTICATED || code == grpc::PERMISSION_DENIED) {
      error.code = ErrorCode::permission_denied;
      error.hint = "give what it asks for in OTEL_EXPORTER_OTLP_HEADERS";
    }
    return {std::move(error), passing, 0};
  }

  const OtlpTarget target_;
  std::unique_ptr<collector::TraceService::Stub> stub_;
};

}  // namespace

std::unique_ptr<OtlpSender> make_otlp_sender(const OtlpTarget& target) {
  if (target.grpc) return std::make_unique<GrpcSender>(target);
  return std::make_unique<HttpSender>(target);
}

Result<OtlpAnswer> send_patiently(OtlpSender& sender, const std::string& batch, const RetryNote& note) {
  for (int attempt = 1;; ++attempt) {
    auto answer = sender.send(batch);
    if (answer) return std::move(*answer);
    if (!answer.error().again || attempt == kAttempts)
      return std::unexpected(std::move(answer.error().error));
    note(answer.error().error.message);
    const auto pause = std::chrono::milliseconds(500 << (attempt - 1));
    std::this_thread::sleep_for(std::max<std::chrono::milliseconds>(
        pause, std::chrono::seconds(std::min(answer.error().pause_s, kMostPauseS))));
  }
}

}  // namespace llt::views
