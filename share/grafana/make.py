#!/usr/bin/env python3
"""Makes llamatelemetry.json, a Grafana dashboard over /metrics: share/grafana/make.py [--check]

Metrics stand here under the names that Prometheus sees. tests/exports/test_grafana.py holds every one of them against
what a running instance prints, and the document against Grafana's own schema.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = {"type": "prometheus", "uid": "${source}"}
RATE = "[$__rate_interval]"
WIDTH, HEIGHT = 8, 8
OURS = 'instance=~"$instance"'


def by_percentile(metric: str, labels: str = "") -> list[tuple[str, str]]:
    """p50, p95 and p99 of a histogram over all its series."""
    chosen = ",".join(filter(None, (OURS, labels)))
    return [(f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{{{chosen}}}{RATE})))", f"p{round(q * 100)}")
            for q in (0.5, 0.95, 0.99)]


def per_second(metric: str, by: str, legend: str, labels: str = "") -> list[tuple[str, str]]:
    chosen = ",".join(filter(None, (OURS, labels)))
    return [(f"sum by ({by}) (rate({metric}{{{chosen}}}{RATE}))", legend)]


def now(metric: str, legend: str) -> tuple[str, str]:
    return f"sum({metric}{{{OURS}}})", legend


def each(metric: str, legend: str) -> list[tuple[str, str]]:
    return [(f"{metric}{{{OURS}}}", legend)]


MODEL = 'gen_ai_request_model=~"$model"'

# Row: [(title, unit, what it means, queries, stacked)]
ROWS = {
    "Requests": [
        ("Requests per second", "reqps", "by status", per_second(
            "http_server_request_duration_seconds_count", "http_response_status_code", "{{http_response_status_code}}"), True),
        ("Time to first token", "s", "from the request's first byte, streams only",
         by_percentile("gen_ai_server_time_to_first_token_seconds", MODEL), False),
        ("Time per output token", "s", "after the first one",
         by_percentile("gen_ai_server_time_per_output_token_seconds", MODEL), False),
        ("Duration of requests", "s", "whole requests",
         by_percentile("gen_ai_server_request_duration_seconds", MODEL), False),
        ("Tokens per second", "short", "prompts and answers",
         per_second("gen_ai_client_token_usage_sum", "gen_ai_token_type", "{{gen_ai_token_type}}", MODEL), True),
        ("Errors per second", "reqps", "by cause", per_second(
            "gen_ai_server_request_duration_seconds_count", "error_type", "{{error_type}}", 'error_type!=""'), True),
    ],
    "Where the time goes": [
        ("Queue", "s", "waiting for a slot of the engine", by_percentile("llamatelemetry_request_queue_time_seconds"), False),
        ("Prefill", "s", "reading the prompt", by_percentile("llamatelemetry_request_prefill_time_seconds"), False),
        ("Decode", "s", "producing tokens", by_percentile("llamatelemetry_request_decode_time_seconds"), False),
        ("Gateway", "s", "our own work", by_percentile("llamatelemetry_gateway_overhead_seconds"), False),
        ("Requests in the engine", "short", "right now", [
            now("llamatelemetry_requests_waiting", "waiting"), now("llamatelemetry_requests_prefilling", "prefilling"),
            now("llamatelemetry_requests_decoding", "decoding"), now("llamatelemetry_engine_slots", "slots")], False),
        ("Cached share of prompts", "percentunit", "prompt tokens taken from the KV cache", [
            (f"sum(rate(llamatelemetry_prompt_cached_tokens_total{{{OURS}}}{RATE})) / "
             f"sum(rate(llamatelemetry_prompt_tokens_total{{{OURS}}}{RATE}))", "cached")], False),
    ],
    "GPUs": [
        ("Utilisation", "percentunit", "share of time in which a kernel ran", each("hw_gpu_utilization_ratio", "{{hw_id}}"), False),
        ("Memory", "bytes", "held by processes, beside what there is",
         each("hw_gpu_memory_usage_bytes", "{{hw_id}}") + each("hw_gpu_memory_limit_bytes", "{{hw_id}} limit"), False),
        ("Power", "watt", "drawn", each("hw_power_watts", "{{hw_id}}"), False),
    ],
    "This system": [
        ("Engine", "short", "1 while it is ready; restarts", [
            now("llamatelemetry_engine_up", "up"), now("llamatelemetry_engine_restarts_total", "restarts")], False),
        ("Data lost", "short", "by counter; all of it is stored and shown, docs/schema.md", [
            (f"sum by (llamatelemetry_loss_name) (increase(llamatelemetry_losses_total{{{OURS}}}{RATE})) > 0",
             "{{llamatelemetry_loss_name}}")], True),
        ("Store", "bytes", "on disk, and memory of the process", [
            now("llamatelemetry_store_bytes", "store"), now("llamatelemetry_process_memory_bytes", "memory")], False),
    ],
}


def panel(number: int, place: dict, title: str, unit: str, meaning: str, queries: list, stacked: bool) -> dict:
    return {
        "id": number, "type": "timeseries", "title": title, "description": meaning, "datasource": SOURCE, "gridPos": place,
        "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
                     "editorMode": "code", "range": True} for i, (expression, legend) in enumerate(queries)],
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": 20 if stacked else 0, "showPoints": "never",
            "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                    "tooltip": {"mode": "multi", "sort": "desc"}},
    }


def panels() -> list[dict]:
    made, y = [], 0
    for row, members in ROWS.items():
        made.append({"id": len(made) + 1, "type": "row", "title": row, "collapsed": False, "panels": [],
                     "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        y += 1
        for i, (title, unit, meaning, queries, stacked) in enumerate(members):
            place = {"x": i % 3 * WIDTH, "y": y + i // 3 * HEIGHT, "w": WIDTH, "h": HEIGHT}
            made.append(panel(len(made) + 1, place, title, unit, meaning, queries, stacked))
        y += -(-len(members) // 3) * HEIGHT
    return made


def choice(name: str, label: str, metric: str) -> dict:
    query = f"label_values({metric},{name if name == 'instance' else 'gen_ai_request_model'})"
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE,
            "query": {"query": query, "refId": name}, "includeAll": True, "multi": True, "allValue": ".*", "refresh": 2,
            "current": {"text": "All", "value": "$__all"}, "options": [], "sort": 1, "regex": "", "hide": 0,
            "skipUrlSync": False}


def dashboard() -> dict:
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {},
              "includeAll": False, "multi": False, "options": [], "refresh": 1, "regex": "", "hide": 0, "skipUrlSync": False}
    return {
        "uid": "llamatelemetry", "title": "llamatelemetry", "tags": ["llm", "llama.cpp"], "timezone": "browser",
        "description": "Where the time of an LLM server's requests goes", "schemaVersion": 41, "version": 1, "editable": True,
        "graphTooltip": 1, "refresh": "10s", "time": {"from": "now-1h", "to": "now"}, "annotations": {"list": []}, "links": [],
        "templating": {"list": [source, choice("instance", "instance", "llamatelemetry_engine_up"),
                                choice("model", "model", "gen_ai_server_request_duration_seconds_count")]},
        "panels": panels(),
    }


def main() -> int:
    path, text = HERE / "llamatelemetry.json", json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        return 0 if path.read_text() == text else f"{path} is stale: run {Path(__file__).name}"
    path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
