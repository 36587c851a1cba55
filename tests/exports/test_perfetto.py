"""Perfetto traces, read back with Perfetto's own message definitions, by the rules of its trace processor.

The processor itself is a program that Perfetto's Python package fetches from the network when it is first used, so a
test cannot have it. What it does with our packets is little: it sorts them by time, keeps their order where the times are
equal, opens and closes slices track by track, and resolves interned names.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

START = 1767225600000000000
MS = 1_000_000


@dataclass
class Slice:
    track: str
    name: str
    start: int
    end: int = 0
    depth: int = 0
    arguments: dict = field(default_factory=dict)
    flows: tuple = ()
    parent: "Slice | None" = None

    @property
    def milliseconds(self) -> tuple[float, float]:
        return (self.start - START) / MS, (self.end - self.start) / MS


@dataclass
class Trace:
    tracks: dict[int, str]  # the whole path
    slices: list[Slice]
    instants: list[Slice]
    counters: dict[str, list[tuple[int, float]]]
    units: dict[str, str]

    def on(self, track: str) -> list[Slice]:
        return [s for s in self.slices if s.track == track]

    def named(self, name: str) -> list[Slice]:
        return [s for s in self.slices if s.name == name]


def annotations(event, names: dict) -> dict:
    return {names[a.name_iid] if a.name_iid else a.name: getattr(a, a.WhichOneof("value")) for a in event.debug_annotations}


def read(data: bytes) -> Trace:
    packets = pb.Trace.FromString(data).packet
    assert packets[0].sequence_flags == pb.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
    clocks = {c.clock_id: c.timestamp for c in packets[0].clock_snapshot.clocks}
    assert clocks[1] == clocks[6], "the trace's clock is the wall clock"
    names, parents, events = {}, {}, []
    interned = {"event_names": {}, "event_categories": {}, "debug_annotation_names": {}}
    tracks, units = {}, {}
    for packet in packets:
        assert packet.trusted_packet_sequence_id == 1
        for kind, table in interned.items():  # before the event of the same packet
            table.update({entry.iid: entry.name for entry in getattr(packet.interned_data, kind)})
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            assert track.uuid not in tracks
            parent = tracks[track.parent_uuid] + "/" if track.HasField("parent_uuid") else ""
            tracks[track.uuid] = parent + track.name
            if track.HasField("counter"):
                units[tracks[track.uuid]] = track.counter.unit_name
        if packet.HasField("track_event"):
            event = packet.track_event
            assert event.track_uuid in tracks, "a track is told before it is used"
            if event.type in (pb.TrackEvent.TYPE_SLICE_BEGIN, pb.TrackEvent.TYPE_INSTANT):
                name = interned["event_names"][event.name_iid] if event.name_iid else event.name
                assert [interned["event_categories"][c] for c in event.category_iids]
                events.append((packet.timestamp, event, name, annotations(event, interned["debug_annotation_names"])))
            else:
                events.append((packet.timestamp, event, "", {}))
    events.sort(key=lambda e: e[0])  # keeps the order of the file where times are equal
    open_slices, slices, instants, counters = defaultdict(list), [], [], defaultdict(list)
    for at, event, name, arguments in events:
        track, stack = tracks[event.track_uuid], open_slices[event.track_uuid]
        if event.type == pb.TrackEvent.TYPE_SLICE_BEGIN:
            stack.append(Slice(track, name, at, depth=len(stack), arguments=arguments, flows=tuple(event.flow_ids),
                               parent=stack[-1] if stack else None))
            slices.append(stack[-1])
        elif event.type == pb.TrackEvent.TYPE_SLICE_END:
            assert stack, f"an end without a beginning on {track}"
            stack.pop().end = at
        elif event.type == pb.TrackEvent.TYPE_INSTANT:
            instants.append(Slice(track, name, at, at, arguments=arguments))
        else:
            counters[track].append((at, event.double_counter_value))
    assert not any(open_slices.values()), "every slice ends"
    return Trace(tracks, slices, instants, dict(counters), units)


@pytest.fixture
def trace(program) -> Trace:
    said = program.json("perfetto", "-o", "t.pftrace")
    assert said["bytes"] == (program.folder / "t.pftrace").stat().st_size
    assert (said["requests"], said["steps"], said["spans"]) == (3, 8, 6)
    return read((program.folder / "t.pftrace").read_bytes())


def test_a_request_with_its_phases_inside(trace):
    first, = [s for s in trace.named("POST /v1/chat/completions") if s.arguments["request_id"] == "1"]
    assert first.milliseconds == (0, 100) and first.depth == 0
    assert first.arguments["status"] == 200 and first.arguments["ttft_ms"] == 23.0
    assert "error" not in first.arguments, "what is not known is not there"
    inside = [s for s in trace.slices if s.parent is first or (s.parent and s.parent.parent is first)]
    assert [(s.name, s.depth, *s.milliseconds) for s in inside] == [
        ("chat tiny & <small>", 1, 1, 98), ("queue", 2, 2, 10), ("prefill", 2, 12, 10), ("decode", 2, 22, 77)]


def test_requests_that_overlap_lie_beside_each_other(trace):
    lanes = {s.arguments["request_id"]: s.track for s in trace.named("POST /v1/chat/completions")}
    assert lanes == {"1": "Requests/lane 1", "2": "Requests/lane 2", "3": "Requests/lane 1"}


def test_steps_last_until_their_results_are_there(trace):
    steps = [s for s in trace.slices if s.track.endswith("/batch steps")]
    assert [s.milliseconds for s in steps] == [(12 + 20 * i, 10) for i in range(8)]
    assert [s.name for s in steps] == ["prefill"] + ["decode"] * 7
    assert steps[0].arguments["prefill_tokens"] == 90 and "gap_before_ms" not in steps[0].arguments
    assert steps[1].arguments["gap_before_ms"] == 10.0


def test_arrows_from_a_request_to_its_turn_and_all_its_steps(trace):
    by_flow = defaultdict(list)
    for s in sorted(trace.slices, key=lambda s: s.start):
        for flow in s.flows:
            by_flow[flow].append(s)
    chains = {chain[0].parent.arguments["request_id"]: chain for chain in by_flow.values() if chain[0].parent}
    assert set(chains) == {"1", "2"}
    for request, steps in (("1", range(0, 5)), ("2", range(3, 8))):
        operation, *rest = chains[request]
        assert operation.name.startswith("chat")
        turns = [s for s in rest if "/slot " in s.track]
        assert [t.name for t in turns] == [request]
        assert [s.arguments["step"] for s in rest if s.track.endswith("batch steps")] == list(steps)
    shared = [s for s in trace.slices if s.track.endswith("batch steps") and len(s.flows) == 2]
    assert [s.arguments["step"] for s in shared] == [3, 4]


def test_slots_say_whom_they_served(trace):
    slots = {s.track.rsplit("/", 1)[1]: s.name for s in trace.slices if "/slot " in s.track}
    assert slots == {"slot 0": "1", "slot 1": "2", "slot 2": "a request of others"}


def test_gpus_are_counters_with_units(trace):
    assert trace.units["GPU 0: Tesla T4/power"] == "W"
    power = trace.counters["GPU 0: Tesla T4/power"]
    assert power == [(START + i * 100 * MS, 50.0 + i) for i in range(1, 5)], "a reading that is not known is not 0"
    assert [v for _, v in trace.counters["GPU 0: Tesla T4/utilization"]] == pytest.approx([0, 10, 20, 30, 40])
    assert [v for _, v in trace.counters["Queue and throughput/requests.waiting"]] == [0, 1, 2]


def test_spans_of_others_nest_by_service_and_parent(trace):
    assert {s.track for s in trace.slices if s.track.startswith("Service")} == {
        "Service web/lane 1", "Service web/lane 2", "Service shop/lane 1", "Service shop/lane 2"}
    calls = trace.named("call shop")
    assert [(c.parent and c.parent.name, c.track) for c in calls] == [
        ("GET /", "Service web/lane 1"), (None, "Service web/lane 2")]
    chat, = trace.named("chat")
    assert chat.parent.name == "buy"
    root, = trace.named("GET /")
    assert root.arguments["http.response.status_code"] == 200 and root.arguments["cached"] is True
    assert root.arguments["big"] == 9007199254740993


def test_events_of_the_system(trace):
    event, = trace.instants
    assert (event.track, event.name, event.arguments["message"]) == ("Events", "engine.restart", "it went away")


def test_one_trace_and_what_ran_beside_it(program):
    program.done("perfetto", "-o", "t.pftrace", "--trace", "1".rjust(32, "a"))
    trace = read((program.folder / "t.pftrace").read_bytes())
    assert [s.arguments["request_id"] for s in trace.named("POST /v1/chat/completions")] == ["1"]
    assert len([s for s in trace.slices if s.track.endswith("batch steps")]) == 5, "those within its 100 ms"
    assert not trace.instants and not [t for t in trace.tracks.values() if t.startswith("Service")]


def test_no_prompts_at_all(program):
    data = program.export("perfetto", text=False).stdout
    assert read(data).slices
    assert b"secret" not in data


def test_nothing_there(program):
    assert "no trace abc is stored" in program.refused("perfetto", "-o", "t", "--trace", "abc")
    assert "nothing is stored of that time" in program.refused("perfetto", "-o", "t", "--since", "1s")
    assert not (program.folder / "t").exists()
