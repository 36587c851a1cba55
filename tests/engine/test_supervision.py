"""Crash, hang, restart and end of a managed engine."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from engine import fakes
from engine.console import engine_status
from support.engine import THREADS
from support.waiting import wait_until

SHORT = {"messages": [{"role": "user", "content": "Say something."}], "temperature": 0, "max_tokens": 3}


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def engine_pid(instance) -> int:
    found = [pid for pid in instance.descendants() if "llama-server" in command_of(pid)]
    assert found, "no llama-server among the processes of up"
    return found[0]


def managed(up, llama_server, model, **options):
    return up("--model", str(model), "--llama-server", str(llama_server), engine_arguments=[*THREADS, "-c", "512"], **options)


def serves(instance) -> bool:
    return instance.fetch("POST", "/v1/chat/completions", SHORT).status == 200


def events(instance) -> list[dict]:
    return instance.sql("SELECT kind, message FROM events WHERE kind LIKE 'engine.%' ORDER BY unix_ns")


def test_killed_engine_is_restarted(up, llama_server, tiny_model):
    instance = managed(up, llama_server, tiny_model)
    first = engine_pid(instance)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: serves(instance), "service after the crash", 15, every_s=0.1)
    assert engine_pid(instance) != first
    engine = engine_status(instance)
    assert engine["restarts"] == 1 and engine["state"] == "ready" and engine["pid"] == engine_pid(instance)

    def told():
        kinds = [event["kind"] for event in events(instance)]
        return kinds if kinds.count("engine.ready") == 2 else None
    kinds = wait_until(told, "all events", 5, every_s=0.2)
    assert kinds == ["engine.start", "engine.ready", "engine.crash", "engine.restart", "engine.start", "engine.ready"]
    crash = next(event for event in events(instance) if event["kind"] == "engine.crash")
    assert "SIGKILL" in crash["message"]


def of_threads(pid: int, read) -> dict[str, set[int]]:
    """What `read` says of each of the process's threads, by name."""
    found: dict[str, set[int]] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        found.setdefault((task / "comm").read_text().strip(), set()).add(read(task))
    return found


def niceness(task: Path) -> int:
    return int((task / "stat").read_text().rsplit(")", 1)[1].split()[16])


def slice_ns(task: Path) -> int:
    """How long it may run at a stretch; 0 where the kernel does not say."""
    lines = [line.split(":") for line in (task / "sched").read_text().splitlines() if line.startswith("se.slice")]
    return int(lines[0][1]) if lines else 0


def test_who_answers_goes_before_who_writes_down(up, llama_server, tiny_model):
    """Both are inherited, and a niceness cannot be taken back: neither the gateway nor any engine may have got one."""
    instance = managed(up, llama_server, tiny_model)
    usual, usual_slice = os.nice(0), slice_ns(Path("/proc/self"))
    nice = of_threads(instance.process.pid, niceness)
    assert nice.pop("store-writer") == {usual + 5}
    assert {"gateway", "console", "telemetry"} <= nice.keys() and set.union(*nice.values()) == {usual}
    if usual_slice > 0:
        slices = of_threads(instance.process.pid, slice_ns)
        assert slices["gateway"] == {700_000}
        assert slices["store-writer"] == slices["telemetry"] == {100_000_000}
    first = engine_pid(instance)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: serves(instance), "service after the crash", 15, every_s=0.1)
    engine = engine_pid(instance)
    assert engine != first and set.union(*of_threads(engine, niceness).values()) == {usual}
    assert set.union(*of_threads(engine, slice_ns).values()) == {usual_slice}


def test_stopped_engine_is_a_hang_and_is_restarted(up, llama_server, tiny_model):
    """SIGSTOP: alive, but neither health nor tokens."""
    instance = managed(up, llama_server, tiny_model)
    first = engine_pid(instance)
    os.kill(first, signal.SIGSTOP)
    wait_until(lambda: any(e["kind"] == "engine.hang" for e in events(instance)), "a hang told", 40, every_s=1)
    assert not alive(first)
    wait_until(lambda: serves(instance), "service after the hang", 10, every_s=0.2)


def test_short_stop_is_no_hang(up, llama_server, tiny_model):
    instance = managed(up, llama_server, tiny_model)
    first = engine_pid(instance)
    os.kill(first, signal.SIGSTOP)
    time.sleep(5)  # longer than a probe's time-out, shorter than a hang
    os.kill(first, signal.SIGCONT)
    assert serves(instance)
    assert engine_pid(instance) == first and engine_status(instance)["restarts"] == 0


@pytest.mark.timeout(120)
def test_engine_that_crashes_again_and_again_is_given_up(up, binary, tiny_model, tmp_path):
    """It becomes ready and dies, every time: five restarts with growing pauses, then the end with exit code 1."""
    count = tmp_path / "starts"
    fake = fakes.serving(tmp_path, f"open({str(count)!r}, 'a').write(f'{{time.monotonic()}}\\n'); time.sleep(0.5); os._exit(9)")
    instance = up("--model", str(tiny_model), "--llama-server", str(fake))
    assert instance.process.wait(60) == 1
    starts = [float(line) for line in count.read_text().split()]
    assert len(starts) == 6
    gaps = [later - earlier for earlier, later in zip(starts, starts[1:])]
    assert gaps[-1] > gaps[0] + 1, gaps
    assert "gave up after 5 restarts" in instance.log() and "exit code 9" in instance.log()


def test_kill_9_of_us_leaves_nothing(up, llama_server, tiny_model):
    instance = managed(up, llama_server, tiny_model)
    family = instance.descendants()
    assert engine_pid(instance) in family
    instance.kill()
    wait_until(lambda: not [pid for pid in family if alive(pid)], "the engine's end", 5)


def test_kill_9_while_the_model_loads_leaves_nothing(up, tiny_model, tmp_path):
    instance = up("--model", str(tiny_model), "--llama-server", str(fakes.serving(tmp_path, health=503)), wait_ready_s=None)
    family = wait_until(instance.descendants, "a child", 10)
    instance.kill()
    wait_until(lambda: not [pid for pid in family if alive(pid)], "the engine's end", 5)


def test_engine_that_ignores_sigterm_is_killed(up, tiny_model, tmp_path):
    fake = fakes.serving(tmp_path)
    text = fake.read_text().replace("threading.Thread", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nthreading.Thread", 1)
    fake.write_text(text)
    instance = up("--model", str(tiny_model), "--llama-server", str(fake))
    family = instance.descendants()
    began = time.monotonic()
    assert instance.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10
    assert not [pid for pid in family if alive(pid)]


def test_stopped_engine_does_not_keep_us(up, llama_server, tiny_model):
    """Even one that was stopped by SIGSTOP, which cannot even end when asked."""
    instance = managed(up, llama_server, tiny_model)
    os.kill(engine_pid(instance), signal.SIGSTOP)
    assert instance.stop(signal.SIGINT) == 0


def test_children_of_a_wrapper_go_too(up, llama_server, tiny_model, tmp_path):
    """llama-server behind a script that does not exec it."""
    wrapper = fakes.shell(tmp_path, f'"{llama_server}" "$@" &\nwait')
    instance = managed(up, wrapper, tiny_model)
    family = instance.descendants()
    assert len(family) >= 2 and serves(instance)
    assert instance.stop() == 0
    assert not [pid for pid in family if alive(pid)]


def test_children_of_a_wrapper_go_with_kill_9_too(up, llama_server, tiny_model, tmp_path):
    wrapper = fakes.shell(tmp_path, f'"{llama_server}" "$@" &\nwait')
    instance = managed(up, wrapper, tiny_model)
    family = instance.descendants()
    instance.kill()
    wait_until(lambda: not [pid for pid in family if alive(pid)], "the end of all", 5)


@pytest.fixture
def short_folder():
    """One whose path leaves room for a socket's name: pytest's own are too long for an address."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_leftovers_of_a_killed_run_are_removed(up, llama_server, tiny_model, short_folder):
    """The folder of its socket stays after kill -9; the next run removes it."""
    environment = {"XDG_RUNTIME_DIR": str(short_folder)}
    killed = managed(up, llama_server, tiny_model, environment=environment)
    killed.kill()
    left = list(short_folder.iterdir())
    assert len(left) == 1
    second = managed(up, llama_server, tiny_model, environment=environment)
    assert left[0] not in short_folder.iterdir()
    assert second.stop() == 0
    assert not list(short_folder.iterdir())


def test_chatty_engine_is_drained(up, tiny_model, tmp_path):
    """Far more output than a pipe holds, and a line without end: it is never blocked by us."""
    body = "\n".join(["for i in range(20000): print('x' * 200, flush=False)", "sys.stdout.write('y' * 5_000_000)",
                      "sys.stdout.flush()", f"open({str(tmp_path / 'written')!r}, 'w').write('all')"])
    up("--model", str(tiny_model), "--llama-server", str(fakes.serving(tmp_path, body)))
    wait_until((tmp_path / "written").exists, "all output taken", 15)


def test_nothing_of_the_engines_group_is_left_after_its_crash(up, llama_server, tiny_model, tmp_path):
    wrapper = fakes.shell(tmp_path, f'sleep 300 &\necho $! > {tmp_path}/side\nexec "{llama_server}" "$@"')
    instance = managed(up, wrapper, tiny_model)
    side = int((tmp_path / "side").read_text())
    assert alive(side)
    os.kill(engine_pid(instance), signal.SIGKILL)
    wait_until(lambda: not alive(side), "the end of the side process", 5)


def test_a_warning_that_comes_with_every_request_is_shown_once(up, llama_server, tiny_model):
    instance = managed(up, llama_server, tiny_model)
    for _ in range(4):  # the whole prompt is in the cache, of which llama-server warns each time
        assert instance.fetch("POST", "/completion", {"prompt": "the same", "n_predict": 1, "id_slot": 0}).status == 200
    warned = [line for line in instance.log().splitlines() if "need to evaluate at least" in line]
    assert len(warned) == 1, warned
