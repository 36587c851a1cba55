#pragma once
// What a graph job is sent and gives back, as bytes. Both sides are the same program.

#include <string>
#include <vector>

#include "analytics/session.h"

namespace llt::analytics {

struct JobInput {
  EdgeList edges;
  std::vector<Request> requests;
  Want want = Want::automatic;
  GpuOptions gpu;
};

void append_job_input(const EdgeList& edges, std::span<const Request> requests, Want want, const GpuOptions& gpu,
                      std::string& out);
/// data_loss when the bytes are not whole.
[[nodiscard]] Result<JobInput> parse_job_input(std::string_view bytes);

void append_job_output(const Result<std::vector<Run>>& runs, std::string& out);
[[nodiscard]] Result<std::vector<Run>> parse_job_output(std::string_view bytes);

}  // namespace llt::analytics
