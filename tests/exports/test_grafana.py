"""The dashboard of share/grafana: every metric and label in it is one that /metrics prints, and Grafana knows its form."""

import json
import re
import subprocess
import sys
import urllib.request

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as grafana
from prometheus_client.parser import text_string_to_metric_families

from support import nvml, places
from support.http import scripted_chat
from support.product import Up
from support.waiting import wait_until

FOLDER = places.REPOSITORY / "share/grafana"
QUERIES = re.compile(r"([a-z_][a-z0-9_]*)\{([^}]*)\}")


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads((FOLDER / "llamatelemetry.json").read_text())


@pytest.fixture(scope="module")
def printed(binary, scripted_process, tmp_path_factory) -> dict[str, set[str]]:
    """What /metrics prints with a GPU, after requests that succeeded and one that failed: labels by series name."""
    scripted_process.reset()
    folder = tmp_path_factory.mktemp("grafana")
    cards = nvml.driver(folder / "nvml", nvml.Card(used=1 << 30, utilization=50, milliwatts=60_000))
    up = Up(folder, ["--upstream", scripted_process.url], environment=cards.environment())
    up.fetch("POST", "/v1/chat/completions", scripted_chat(tokens=5))
    up.fetch("POST", "/v1/chat/completions", scripted_chat(tokens=5, fault="reset_before_first_byte"))

    def series() -> dict[str, set[str]]:
        with urllib.request.urlopen(up.console + "/metrics", timeout=10) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        found: dict[str, set[str]] = {}
        for family in families:
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
        return found

    try:
        yield wait_until(lambda: (s := series()) and "hw_power_watts" in s and "error_type" in s.get(
            "gen_ai_server_request_duration_seconds_count", set()) and s, "all series", 15, every_s=0.3)
    finally:
        up.stop()


def queries(document: dict) -> list[tuple[str, str]]:
    return [(panel["title"], target["expr"]) for panel in document["panels"] for target in panel.get("targets", [])]


def test_every_metric_and_label_is_one_that_is_printed(document, printed):
    used = set()
    for title, expression in queries(document):
        assert QUERIES.search(expression), (title, expression)
        for name, matchers in QUERIES.findall(expression):
            assert name in printed, f"{title}: nothing prints {name}"
            used.add(name)
            for label in re.findall(r"([a-z_]+)[=!]~?\"", matchers):
                assert label == "instance" or label in printed[name], f"{title}: {name} has no label {label}"
        for labels in re.findall(r"sum by \(([^)]*)\)", expression):
            name = QUERIES.search(expression).group(1)
            assert set(labels.split(",")) <= printed[name] | {"le"}, title
    assert len(used) > 20
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            name, label = re.fullmatch(r"label_values\((\w+),(\w+)\)", variable["query"]["query"]).groups()
            assert name in printed and (label == "instance" or label in printed[name])


def test_legends_name_labels_that_are_there(document, printed):
    for panel in document["panels"]:
        for target in panel.get("targets", []):
            name = QUERIES.search(target["expr"]).group(1)
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= printed[name], panel["title"]


def test_grafana_knows_the_form(document):
    """Its own models of a dashboard read it and write the same again: a member they do not know would be lost."""
    again = json.loads(JSONEncoder(sort_keys=True).encode(grafana.Dashboard.from_json(document)))

    def lost(ours, theirs, where: str) -> list[str]:
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return [x for key, value in ours.items()
                    for x in (lost(value, theirs[key], f"{where}.{key}") if key in theirs else [f"{where}.{key}"])]
        if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            return [x for i, (a, b) in enumerate(zip(ours, theirs)) for x in lost(a, b, f"{where}[{i}]")]
        return [] if ours == theirs else [f"{where}: {ours} became {theirs}"]

    assert lost(document, again, "dashboard") == []


def test_panels_lie_beside_each_other(document):
    cells = [(x, y) for panel in document["panels"] for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
             for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])


def test_it_is_what_the_script_makes():
    done = subprocess.run([sys.executable, FOLDER / "make.py", "--check"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
