"""A start that cannot succeed ends `up` with exit code 1 and a message of its own, within seconds."""

import os
import shutil
import subprocess
import time

import pytest

from engine import fakes
from support.engine import THREADS


def failure(folder, model, binary, *, engine=(), within_s=10.0, **options) -> str:
    began = time.monotonic()
    done = fakes.run_up(folder, "--model", str(model), "--llama-server", str(binary), engine=[*THREADS, *engine], **options)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert time.monotonic() - began < within_s
    return done.stderr


def test_binary_that_is_not_there(binary, tiny_model, tmp_path):
    log = failure(tmp_path, tiny_model, tmp_path / "absent")
    assert "absent does not exist" in log and "--llama-server" in log


def test_binary_that_is_not_executable(binary, tiny_model, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    log = failure(tmp_path, tiny_model, plain)
    assert "not executable" in log and "chmod +x" in log


def test_binary_for_another_machine(binary, tiny_model, tmp_path):
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(100))  # RISC-V
    foreign.chmod(0o755)
    log = failure(tmp_path, tiny_model, foreign)
    assert "cannot execute" in log and "not a program for this machine" in log


def test_binary_that_dies_of_sigill(binary, tiny_model, tmp_path):
    log = failure(tmp_path, tiny_model, fakes.shell(tmp_path, "kill -ILL $$"))
    assert "SIGILL" in log and "instructions that this CPU does not have" in log


def test_missing_shared_library(binary, llama_server, tiny_model, tmp_path):
    """The real program without its libraries: the loader's own words are passed on."""
    alone = tmp_path / "llama-server"
    shutil.copy(os.path.realpath(llama_server), alone)
    image = alone.read_bytes()
    # Where it was built is in its search path: the same number of bytes that name nothing.
    at = image.find(str(os.path.dirname(os.path.realpath(llama_server))).encode())
    if at >= 0:
        end = image.index(b"\0", at)
        alone.write_bytes(image[:at] + b"/" * (end - at) + image[end:])
    log = failure(tmp_path, tiny_model, alone)
    assert "shared library" in log and ".so" in log and "error while loading shared libraries" in log


def test_model_that_is_not_there(binary, llama_server, tmp_path):
    log = failure(tmp_path, tmp_path / "absent.gguf", llama_server, within_s=3)
    assert "absent.gguf does not exist" in log


def test_model_that_is_a_folder(binary, llama_server, tmp_path):
    log = failure(tmp_path, tmp_path, llama_server, within_s=3)
    assert "is a folder" in log


def test_model_that_is_empty(binary, llama_server, tmp_path):
    (tmp_path / "empty.gguf").touch()
    assert "empty.gguf is empty" in failure(tmp_path, tmp_path / "empty.gguf", llama_server, within_s=3)


def test_model_that_is_not_gguf(binary, llama_server, tmp_path):
    other = tmp_path / "other.gguf"
    other.write_bytes(os.urandom(100_000))
    assert "is not a GGUF model" in failure(tmp_path, other, llama_server, within_s=3)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
def test_model_that_is_truncated(binary, llama_server, tiny_model, tmp_path, share):
    whole = tiny_model.read_bytes()
    part = tmp_path / "part.gguf"
    part.write_bytes(whole[:int(len(whole) * share)])
    log = failure(tmp_path, part, llama_server)
    assert "part.gguf is truncated" in log
    assert "its last words:" in log and "failed to load model" in log


def test_unknown_argument(binary, llama_server, tiny_model, tmp_path):
    log = failure(tmp_path, tiny_model, llama_server, engine=["--no-such-argument"])
    assert "does not know one of its arguments" in log and "--no-such-argument" in log


def test_bad_value_of_an_argument(binary, llama_server, tiny_model, tmp_path):
    log = failure(tmp_path, tiny_model, llama_server, engine=["--batch-size", "many"])
    assert "refuses the value of an argument" in log and "batch-size" in log


def test_too_little_memory(binary, llama_server, tiny_model, tmp_path):
    """The real engine under a limit of address space that its context does not fit into."""
    limited = fakes.shell(tmp_path, f'ulimit -v 2500000\nexec "{llama_server}" "$@"')
    log = failure(tmp_path, tiny_model, limited, engine=["-c", "8000000", "-fit", "off", "--threads-http", "4"], within_s=18)
    assert "too little memory" in log and "smaller" in log


def test_engine_that_cannot_listen(binary, llama_server, tiny_model, tmp_path):
    """Its argument for the address is replaced by one that cannot be bound."""
    script = f'#!/bin/bash\nexec "{llama_server}" "$@" --host /nonexistent/engine.sock\n'
    log = failure(tmp_path, tiny_model, fakes.script(tmp_path, script))
    assert "could not listen on its private socket" in log


def test_engine_that_says_nothing_and_ends(binary, tiny_model, tmp_path):
    log = failure(tmp_path, tiny_model, fakes.shell(tmp_path, "echo these are my last words; exit 7"))
    assert "ended before it was ready with exit code 7" in log and "these are my last words" in log


def test_program_that_is_no_llama_server(binary, tiny_model, tmp_path):
    log = failure(tmp_path, tiny_model, "/bin/true")
    assert "/bin/true ended by itself, with exit code 0" in log and "is it a llama-server" in log


def test_first_start_is_not_repeated(binary, tiny_model, tmp_path):
    """A start that fails once would fail again: it is tried once."""
    failure(tmp_path, tiny_model, fakes.shell(tmp_path, f"echo start >> {tmp_path}/starts; exit 1"))
    assert (tmp_path / "starts").read_text() == "start\n"


def test_a_stranger_behind_the_socket_is_not_adopted(binary, llama_server, tiny_model, tmp_path):
    """A server that is not below our child listens on the engine's socket: it is refused, whatever it says."""
    stranger = tmp_path / "stranger"
    fakes.serving(tmp_path).rename(stranger)
    # The program that we start leaves the listening to a process that it has cut all ties with.
    leaver = fakes.script(tmp_path, f"""#!/bin/bash
setsid --fork "{stranger}" "$@" < /dev/null > /dev/null 2>&1
echo $$ > {tmp_path}/ours
exec sleep 60
""")
    try:
        log = failure(tmp_path, tiny_model, leaver)
        assert "which we did not start" in log
    finally:
        found = subprocess.run(["pgrep", "-f", str(stranger)], capture_output=True, text=True).stdout.split()
        for pid in found:
            os.kill(int(pid), 9)


def test_engine_that_never_becomes_ready_ends_when_asked(binary, tiny_model, tmp_path):
    """503 for ever is loading for ever, not a failure; Ctrl-C ends it at once."""
    began = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        fakes.run_up(tmp_path, "--model", str(tiny_model), "--llama-server", str(fakes.serving(tmp_path, health=503)),
                     timeout_s=4)
    assert time.monotonic() - began >= 4
    assert not subprocess.run(["pgrep", "-f", str(tmp_path / "llama-server")], capture_output=True, text=True).stdout


def test_engine_inherits_no_descriptor_of_ours(binary, llama_server, tiny_model, up):
    """The engine's process has the three standard descriptors and what it opened itself: none of ours."""
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), engine_arguments=[*THREADS, "-c", "512"])
    engine = next(pid for pid in instance.descendants() if "llama-server" in open(f"/proc/{pid}/cmdline").read())
    targets = [os.readlink(f"/proc/{engine}/fd/{fd}") for fd in os.listdir(f"/proc/{engine}/fd")]
    assert not [target for target in targets if str(instance.data) in target], targets
