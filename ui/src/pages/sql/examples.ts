// Questions to begin with. Each runs on any store and says something on a busy one.

export interface Example {
  title: string;
  sql: string;
  view?: "chart" | "graph";
}

export const EXAMPLES: Example[] = [
  {
    title: "Where the time of an hour went",
    sql: `SELECT sum(queue_ns) / 1e9 AS queue_s, sum(prefill_ns) / 1e9 AS prefill_s,
       sum(decode_ns) / 1e9 AS decode_s, sum(unattributed_ns) / 1e9 AS unattributed_s,
       sum(client_ns) / 1e9 AS client_s, count(*) AS requests
FROM requests
WHERE start_unix_ns > epoch_ns(now()) - 3600e9`,
  },
  {
    title: "Latency by model",
    sql: `SELECT model, count(*) AS requests,
       quantile_cont(ttft_ns, 0.5) / 1e6 AS ttft_p50_ms, quantile_cont(ttft_ns, 0.99) / 1e6 AS ttft_p99_ms,
       quantile_cont(total_ns, 0.5) / 1e6 AS total_p50_ms, quantile_cont(total_ns, 0.99) / 1e6 AS total_p99_ms
FROM requests
WHERE operation IS NOT NULL
GROUP BY model ORDER BY requests DESC`,
  },
  {
    title: "Time to first token, by minute",
    view: "chart",
    sql: `SELECT time_bucket(INTERVAL 1 minute, make_timestamp(start_unix_ns // 1000)) AS minute,
       quantile_cont(ttft_ns, 0.5) / 1e6 AS p50_ms, quantile_cont(ttft_ns, 0.95) / 1e6 AS p95_ms
FROM requests
WHERE ttft_ns IS NOT NULL
GROUP BY minute ORDER BY minute`,
  },
  {
    title: "The slowest requests, and their slowest phase",
    sql: `SELECT request_id, total_ns / 1e6 AS total_ms, queue_ns / 1e6 AS queue_ms, prefill_ns / 1e6 AS prefill_ms,
       decode_ns / 1e6 AS decode_ms, input_tokens, output_tokens
FROM requests
WHERE operation IS NOT NULL
ORDER BY total_ns DESC LIMIT 50`,
  },
  {
    title: "Errors by cause",
    view: "chart",
    sql: `SELECT error_type, count(*) AS requests
FROM requests
WHERE error_type IS NOT NULL
GROUP BY error_type ORDER BY requests DESC`,
  },
  {
    title: "How much of the prompts the cache held",
    sql: `SELECT model, sum(cached_tokens) AS cached, sum(input_tokens) AS prompt,
       sum(cached_tokens) / nullif(sum(input_tokens), 0) AS share
FROM requests
WHERE cached_tokens IS NOT NULL
GROUP BY model ORDER BY prompt DESC`,
  },
  {
    title: "Prompt length against prefill",
    view: "chart",
    sql: `SELECT input_tokens - coalesce(cached_tokens, 0) AS computed_tokens, prefill_ns / 1e6 AS prefill_ms
FROM requests
WHERE prefill_ns IS NOT NULL AND input_tokens IS NOT NULL
ORDER BY start_unix_ns DESC LIMIT 2000`,
  },
  {
    title: "Whose prompts held others up",
    sql: `SELECT t.request_id, count(DISTINCT i.turn) AS held_up, sum(i.prefill_ns) / 1e6 AS prefill_ms,
       any_value(t.prefill_tokens) AS prompt_tokens
FROM interference i JOIN turns t ON t.engine_id = i.engine_id AND t.turn = i.by_turn
GROUP BY t.request_id ORDER BY prefill_ms DESC LIMIT 20`,
  },
  {
    title: "Who held up whom, as a graph",
    view: "graph",
    sql: `SELECT other.request_id AS source, held.request_id AS target, sum(i.prefill_ns) / 1e6 AS weight
FROM interference i
JOIN turns other ON other.engine_id = i.engine_id AND other.turn = i.by_turn
JOIN turns held ON held.engine_id = i.engine_id AND held.turn = i.turn
GROUP BY ALL ORDER BY weight DESC LIMIT 1000`,
  },
  {
    title: "What leads to which model and how it ends, as a graph",
    view: "graph",
    sql: `SELECT route AS source, coalesce(model, 'unnamed model') AS target, count(*) AS weight
FROM requests GROUP BY ALL
UNION ALL
SELECT coalesce(model, 'unnamed model'), coalesce(error_type, finish_reason, 'no reason told'), count(*)
FROM requests GROUP BY ALL`,
  },
  {
    title: "Batch steps: size against time",
    view: "chart",
    sql: `SELECT tokens, coalesce(sync_ns, return_ns) / 1e6 AS step_ms
FROM steps
ORDER BY start_unix_ns DESC LIMIT 3000`,
  },
  {
    title: "GPU use, by ten seconds",
    view: "chart",
    sql: `SELECT time_bucket(INTERVAL 10 seconds, make_timestamp(unix_ns // 1000)) AS ten_seconds,
       avg(utilization) FILTER (gpu = 0) AS gpu0, avg(utilization) FILTER (gpu = 1) AS gpu1
FROM gpu_samples
GROUP BY ten_seconds ORDER BY ten_seconds`,
  },
  {
    title: "What was lost",
    sql: `SELECT name, severity, count, description FROM losses WHERE count > 0 ORDER BY count DESC`,
  },
  {
    title: "What happened to the engine",
    sql: `SELECT make_timestamp(unix_ns // 1000) AS happened, kind, severity, message FROM events ORDER BY unix_ns DESC LIMIT 100`,
  },
];
