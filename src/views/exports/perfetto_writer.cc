#include "views/exports/perfetto_writer.h"

#include <perfetto_trace.pb.h>

#include <map>

namespace llt::views {
namespace {

namespace pf = llt::perfetto;
using Packet = pf::TracePacket;

constexpr std::uint32_t kSequence = 1;
constexpr std::uint32_t kRealtime = 1, kBoottime = 6;  // of Perfetto's built-in clocks

// Names come from outside: beyond so many they are written in full each time.
constexpr std::size_t kMostNames = 10'000;

/// Names that were given a number. A new one is told to the reader in the packet that needs it first.
class NameTable {
 public:
  template <class List>
  std::uint64_t number(std::string_view name, List* told) {
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) return found->second;
    const std::uint64_t number = numbers_.size() + 1;
    numbers_.emplace(name, number);
    pf::Interned* entry = told->Add();
    entry->set_iid(number);
    entry->set_name(std::string(name));
    return number;
  }

  [[nodiscard]] bool takes(std::string_view name) const {
    return numbers_.size() < kMostNames || numbers_.contains(name);
  }

 private:
  std::map<std::string, std::uint64_t, std::less<>> numbers_;
};

void set_value(pf::DebugAnnotation& annotation, const Argument& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) annotation.set_int_value(*number);
  if (const auto* real = std::get_if<double>(&value)) annotation.set_double_value(*real);
  if (const auto* flag = std::get_if<bool>(&value)) annotation.set_bool_value(*flag);
  if (const auto* text = std::get_if<std::string>(&value)) annotation.set_string_value(*text);
}

}  // namespace

struct PerfettoWriter::Names {
  NameTable events, categories, arguments;
};

PerfettoWriter::PerfettoWriter(const ByteSink& sink) : sink_(sink), names_(std::make_unique<Names>()) {}
PerfettoWriter::~PerfettoWriter() = default;

Result<> PerfettoWriter::begin(UnixNs begin) {
  Packet packet;
  for (const std::uint32_t clock : {kBoottime, kRealtime}) {
    auto* entry = packet.mutable_clock_snapshot()->add_clocks();
    entry->set_clock_id(clock);
    entry->set_timestamp(static_cast<std::uint64_t>(begin));
  }
  return add(packet);
}

Result<std::uint64_t> PerfettoWriter::track(const std::string& name, std::uint64_t parent) {
  Packet packet;
  auto* track = packet.mutable_track_descriptor();
  track->set_uuid(++tracks_);
  track->set_name(name);
  if (parent != 0) track->set_parent_uuid(parent);
  track->set_child_ordering(pf::TrackDescriptor::EXPLICIT);
  track->set_sibling_order_rank(static_cast<std::int32_t>(tracks_));
  if (auto added = add(packet); !added) return std::unexpected(added.error());
  return tracks_;
}

Result<std::uint64_t> PerfettoWriter::counter_track(const std::string& name, const std::string& unit,
                                                    std::uint64_t parent) {
  Packet packet;
  auto* track = packet.mutable_track_descriptor();
  track->set_uuid(++tracks_);
  track->set_name(name);
  if (parent != 0) track->set_parent_uuid(parent);
  track->set_sibling_order_rank(static_cast<std::int32_t>(tracks_));
  track->mutable_counter()->set_unit_name(unit);
  if (auto added = add(packet); !added) return std::unexpected(added.error());
  return tracks_;
}

Result<> PerfettoWriter::write_begin(const Event& event, int type) {
  Packet packet;
  packet.set_timestamp(static_cast<std::uint64_t>(event.start));
  auto* told = packet.mutable_interned_data();
  auto* out = packet.mutable_track_event();
  out->set_type(static_cast<pf::TrackEvent::Type>(type));
  out->set_track_uuid(event.track);
  out->add_category_iids(names_->categories.number(event.category, told->mutable_event_categories()));
  if (names_->events.takes(event.name)) {
    out->set_name_iid(names_->events.number(event.name, told->mutable_event_names()));
  } else {
    out->set_name(event.name);
  }
  for (const NamedArgument& argument : event.arguments) {
    if (std::holds_alternative<std::monostate>(argument.value)) continue;
    auto* annotation = out->add_debug_annotations();
    if (names_->arguments.takes(argument.name)) {
      annotation->set_name_iid(
          names_->arguments.number(argument.name, told->mutable_debug_annotation_names()));
    } else {
      annotation->set_name(std::string(argument.name));
    }
    set_value(*annotation, argument.value);
  }
  for (const std::uint64_t flow : event.flows) out->add_flow_ids(flow);
  if (told->ByteSizeLong() == 0) packet.clear_interned_data();
  ++events_;
  return add(packet);
}

Result<> PerfettoWriter::slice(const Event& event) {
  if (auto begun = write_begin(event, pf::TrackEvent::TYPE_SLICE_BEGIN); !begun) return begun;
  Packet packet;
  packet.set_timestamp(static_cast<std::uint64_t>(event.start + event.duration_ns));
  packet.mutable_track_event()->set_type(pf::TrackEvent::TYPE_SLICE_END);
  packet.mutable_track_event()->set_track_uuid(event.track);
  return add(packet);
}

Result<> PerfettoWriter::instant(const Event& event) {
  return write_begin(event, pf::TrackEvent::TYPE_INSTANT);
}

Result<> PerfettoWriter::counter(std::uint64_t track, UnixNs at, double value) {
  Packet packet;
  packet.set_timestamp(static_cast<std::uint64_t>(at));
  auto* out = packet.mutable_track_event();
  out->set_type(pf::TrackEvent::TYPE_COUNTER);
  out->set_track_uuid(track);
  out->set_double_counter_value(value);
  ++events_;
  return add(packet);
}

Result<> PerfettoWriter::add(Packet& packet) {
  packet.set_trusted_packet_sequence_id(kSequence);
  packet.set_sequence_flags(first_ ? Packet::SEQ_INCREMENTAL_STATE_CLEARED
                                   : Packet::SEQ_NEEDS_INCREMENTAL_STATE);
  first_ = false;
  // The file is one Trace message; a packet is its field 1.
  std::uint64_t size = packet.ByteSizeLong();
  buffer_ += '\x0A';
  for (; size >= 0x80; size >>= 7) buffer_ += static_cast<char>((size & 0x7F) | 0x80);
  buffer_ += static_cast<char>(size);
  if (!packet.AppendToString(&buffer_))
    return fail(ErrorCode::internal, "a packet of the trace could not be written");
  return buffer_.size() < kPieceBytes ? Result<>{} : flush();
}

Result<> PerfettoWriter::flush() {
  auto done = sink_(buffer_);
  buffer_.clear();
  return done;
}

}  // namespace llt::views
