"""Asks a running instance's console, as a browser on this machine would."""

import json
import urllib.request


def status(instance) -> dict:
    with urllib.request.urlopen(f"{instance.console}/api/v1/status", timeout=10) as answer:
        return json.load(answer)


def engine_status(instance) -> dict:
    return status(instance)["engine"]
