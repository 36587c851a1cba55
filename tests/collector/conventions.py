"""Names, units and bucket edges as the conventions have them, written down independently of the product."""

D = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
T = [4**power for power in range(14)]
FIRST_TOKEN = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
PER_TOKEN = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
HTTP = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

SERVER = {
    "http.server.request.duration": ("s", HTTP),
    "gen_ai.server.request.duration": ("s", D),
    "gen_ai.server.time_to_first_token": ("s", FIRST_TOKEN),
    "gen_ai.server.time_per_output_token": ("s", PER_TOKEN),
}
RELEASED = {
    "gen_ai.client.operation.duration": ("s", D),
    "gen_ai.client.operation.time_to_first_chunk": ("s", D),
    "gen_ai.client.operation.time_per_output_chunk": ("s", D),
    "gen_ai.client.token.usage": ("{token}", T),
}
SUCCESSOR = {
    "gen_ai.client.inference.duration": ("s", D),
    "gen_ai.client.inference.time_to_first_chunk": ("s", D),
    "gen_ai.client.inference.time_per_output_chunk": ("s", D),
    "gen_ai.client.inference.operation.input_tokens": ("{token}", T),
    "gen_ai.client.inference.operation.output_tokens": ("{token}", T),
}
SUCCESSOR_COUNTERS = {
    "gen_ai.client.inference.usage.input_tokens": "{token}",
    "gen_ai.client.inference.usage.output_tokens": "{token}",
    "gen_ai.client.inference.usage.cache_read.input_tokens": "{token}",
}
SHARED_LABELS = {"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model"}
HARDWARE = {
    "hw.gpu.utilization": ("1", "gauge"),
    "hw.gpu.memory.usage": ("By", "sum"),
    "hw.gpu.memory.limit": ("By", "sum"),
    "hw.gpu.memory.utilization": ("1", "gauge"),
    "hw.power": ("W", "gauge"),
    "hw.energy": ("J", "sum"),
    "hw.temperature": ("Cel", "gauge"),
}
