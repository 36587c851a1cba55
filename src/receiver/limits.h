#pragma once
// What a sender may ask of us.

#include <cstddef>

namespace llt::receiver {

inline constexpr std::size_t kBodyBytes = 16ull << 20;      ///< as sent
inline constexpr std::size_t kUnpackedBytes = 32ull << 20;  ///< after gzip; the largest gRPC message
inline constexpr std::size_t kHeaderBytes = 16ull << 10;
inline constexpr int kConnections = 64;
inline constexpr int kStoring = 4;  ///< requests over HTTP that are parsed and stored at once
inline constexpr int kGrpcThreads = 8;
inline constexpr int kIdleMs = 120'000;
inline constexpr int kTransferMs = 20'000;  ///< for a request to arrive, and for an answer to be taken

}  // namespace llt::receiver
