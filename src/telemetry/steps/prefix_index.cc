#include "telemetry/steps/prefix_index.h"

#include <algorithm>

namespace llt::telemetry {
namespace {

// Of a slot: far beyond any context. What claims more is damage.

}  // namespace

const PrefixIndex::Known* PrefixIndex::find(std::uint64_t hash) const {
  const auto at = known_.find(hash);
  return at == known_.end() ? nullptr : &at->second;
}

void PrefixIndex::note(std::uint64_t hash, std::uint64_t step, std::uint64_t turn) {
  const auto [at, is_new] = known_.try_emplace(hash, Known{step, turn, 0});
  if (!is_new) {
    if (turn != 0) at->second.turn = turn;
    return;
  }
  order_.push_back(hash);
  if (order_.size() <= most_) return;
  known_.erase(order_.front());
  order_.pop_front();
}

void PrefixIndex::hold(std::int32_t slot, std::uint32_t first, std::span<const std::uint64_t> hashes) {
  if (slot < 0 || first + hashes.size() > kMostBlocks) return;
  auto& held = slots_[slot];
  shorten(held, first);
  held.resize(first, 0);
  held.insert(held.end(), hashes.begin(), hashes.end());
  for (const std::uint64_t hash : hashes) {
    if (const auto at = known_.find(hash); at != known_.end()) ++at->second.holders;
  }
}

void PrefixIndex::cut(std::int32_t slot, std::uint64_t tokens) {
  for (auto& [number, held] : slots_) {
    if (slot < 0 || number == slot) shorten(held, tokens / kBlockTokens);
  }
}

std::span<const std::uint64_t> PrefixIndex::held_by(std::int32_t slot) const {
  const auto at = slots_.find(slot);
  return at == slots_.end() ? std::span<const std::uint64_t>() : at->second;
}

void PrefixIndex::shorten(std::vector<std::uint64_t>& held, std::size_t blocks) {
  for (; held.size() > blocks; held.pop_back()) {
    const auto at = known_.find(held.back());
    if (at != known_.end() && at->second.holders > 0) --at->second.holders;
  }
}

}  // namespace llt::telemetry
