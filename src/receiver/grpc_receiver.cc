#include "receiver/grpc_receiver.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h>

#include <chrono>

#include "receiver/limits.h"
#include "receiver/otlp_count.h"

namespace llt::receiver {
namespace {

namespace collector = opentelemetry::proto::collector;
using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;

Status check(const ServerContext& context, const Intake& intake) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  const auto given = found == metadata.end() ? std::string_view{}
                                             : std::string_view{found->second.data(), found->second.size()};
  if (intake.key_allowed(given)) return Status::OK;
  return {StatusCode::UNAUTHENTICATED, "a key is needed: send 'authorization: Bearer KEY'"};
}

class Traces final : public collector::trace::v1::TraceService::Service {
 public:
  explicit Traces(Intake& intake) : intake_(intake) {}

  Status Export(ServerContext* context, const TraceRequest* request,
                collector::trace::v1::ExportTraceServiceResponse* response) override {
    if (auto allowed = check(*context, intake_); !allowed.ok()) return allowed;
    const auto accepted = intake_.take(*request);
    if (!accepted) return {StatusCode::UNAVAILABLE, accepted.error().to_string()};
    if (accepted->rejected == 0) return Status::OK;
    response->mutable_partial_success()->set_rejected_spans(static_cast<std::int64_t>(accepted->rejected));
    response->mutable_partial_success()->set_error_message(accepted->reason);
    return Status::OK;
  }

 private:
  Intake& intake_;
};

class Metrics final : public collector::metrics::v1::MetricsService::Service {
 public:
  explicit Metrics(Intake& intake) : intake_(intake) {}

  Status Export(ServerContext* context, const MetricsRequest* request,
                collector::metrics::v1::ExportMetricsServiceResponse* response) override {
    if (auto allowed = check(*context, intake_); !allowed.ok()) return allowed;
    const Accepted accepted = intake_.ignore(count(*request), "metrics");
    if (accepted.rejected == 0) return Status::OK;
    response->mutable_partial_success()->set_rejected_data_points(
        static_cast<std::int64_t>(accepted.rejected));
    response->mutable_partial_success()->set_error_message(accepted.reason);
    return Status::OK;
  }

 private:
  Intake& intake_;
};

class Logs final : public collector::logs::v1::LogsService::Service {
 public:
  explicit Logs(Intake& intake) : intake_(intake) {}

  Status Export(ServerContext* context, const LogsRequest* request,
                collector::logs::v1::ExportLogsServiceResponse* response) override {
    if (auto allowed = check(*context, intake_); !allowed.ok()) return allowed;
    const Accepted accepted = intake_.ignore(count(*request), "logs");
    if (accepted.rejected == 0) return Status::OK;
    response->mutable_partial_success()->set_rejected_log_records(
        static_cast<std::int64_t>(accepted.rejected));
    response->mutable_partial_success()->set_error_message(accepted.reason);
    return Status::OK;
  }

 private:
  Intake& intake_;
};

class GrpcServer final : public GrpcReceiver {
 public:
  explicit GrpcServer(Intake& intake) : traces_(intake), metrics_(intake), logs_(intake) {}

  ~GrpcServer() override {
    constexpr auto kPatience = std::chrono::seconds(6);
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + kPatience);
  }

  Result<> start(const Endpoint& listen) {
    grpc::ResourceQuota quota("otlp");
    quota.SetMaxThreads(kGrpcThreads);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(static_cast<int>(kUnpackedBytes));
    // Otherwise two processes share one port, and each gets some of the spans.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
    int port = 0;
    builder.AddListeningPort(listen.to_string(), grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&traces_);
    builder.RegisterService(&metrics_);
    builder.RegisterService(&logs_);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0) {
      return fail(ErrorCode::already_exists,
                  fmt::format("OTLP over gRPC cannot listen on {}", listen.to_string()),
                  "choose another address with --otlp-grpc ADDR:PORT, or off");
    }
    bound_ = {listen.host, static_cast<std::uint16_t>(port), {}};
    return {};
  }

  [[nodiscard]] Endpoint address() const override { return bound_; }

 private:
  Traces traces_;
  Metrics metrics_;
  Logs logs_;
  std::unique_ptr<grpc::Server> server_;
  Endpoint bound_;
};

}  // namespace

Result<std::unique_ptr<GrpcReceiver>> GrpcReceiver::start(const Endpoint& listen, Intake& intake) {
  auto server = std::make_unique<GrpcServer>(intake);
  if (auto started = server->start(listen); !started) return std::unexpected(started.error());
  return server;
}

}  // namespace llt::receiver
