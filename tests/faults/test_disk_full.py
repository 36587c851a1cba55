"""A full disk stops storing, not serving, and is said aloud; with room again, storing goes on."""

import os

import pytest

from faults.expect import still_serves
from support.http import scripted_chat
from support.small_disk import small_disk_in
from support.waiting import wait_until

SIZE_MB = 24


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, too small for long."""
    with small_disk_in(tmp_path, SIZE_MB) as folder:
        yield folder


def fill(folder) -> None:
    """Takes every byte that is left."""
    with open(folder / "filler", "ab", buffering=0) as filler:
        for size in (1 << 20, 4096, 1):
            try:
                while filler.write(bytes(size)) == size:
                    pass
            except OSError:
                pass


def test_disk_full(up, scripted, small_disk):
    instance = up("--upstream", scripted.url, data=small_disk / "data")
    assert instance.fetch("POST", "/v1/chat/completions", scripted_chat(False), [("X-Request-Id", "before")]).status == 200
    instance.request_row("before")

    fill(small_disk)
    for number in range(300):
        response = instance.fetch("POST", "/v1/chat/completions", scripted_chat(number % 2 == 0),
                                  [("X-Request-Id", f"full-{number}")])
        assert response.status == 200 and response.complete, number
    wait_until(lambda: "no space" in instance.log().lower() or "disk" in instance.log().lower(),
               "a word about the disk in the log", 10)
    still_serves(instance)
    assert instance.process.poll() is None

    (small_disk / "filler").unlink()

    def stored_again():
        tag = f"after-{os.urandom(4).hex()}"
        assert instance.fetch("POST", "/v1/chat/completions", scripted_chat(False), [("X-Request-Id", tag)]).status == 200
        return instance.request_row(tag, timeout_s=2)

    assert wait_until(stored_again, "rows are stored again", 30, every_s=0.5)
    assert instance.sql("SELECT count(*) AS n FROM requests WHERE request_id = 'before'")[0]["n"] == 1
    kept = instance.sql("SELECT count(*) AS n FROM requests WHERE request_id LIKE 'full-%'")[0]["n"]
    lost = instance.sql("SELECT count FROM losses WHERE name = 'store_requests_dropped'")[0]["count"]
    assert kept + lost >= 300, "a row that is neither stored nor counted as lost"
