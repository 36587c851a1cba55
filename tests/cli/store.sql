-- A store with known rows: everything in tests/cli/expected follows from these. Times are round so that
-- percentiles can be checked by hand. 1767225600 is 2026-01-01 00:00:00 UTC.

DELETE FROM requests;
DELETE FROM received_spans;
DELETE FROM events;
DELETE FROM metrics;

-- Four streamed chats of model "alpha": 1, 2, 3 and 4 units of everything; one of them from another model;
-- one that waited long, one that failed, one route that is only timed.
INSERT INTO requests BY NAME
SELECT 'req-' || i AS request_id, lpad(to_hex(i), 32, '0') AS trace_id, lpad(to_hex(i), 16, '0') AS span_id,
       1767225600000000000 + i * 1000000000 AS start_unix_ns, 'POST' AS method, '/v1/chat/completions' AS route,
       'chat' AS operation, 'alpha' AS model, 'llama-server' AS upstream, true AS stream, 200 AS http_status,
       i * 100000000 AS total_ns, 1000000 AS receive_ns, 1000000 AS gateway_ns, 1000000 AS connect_ns,
       i * 100000000 - 4000000 AS upstream_ns, 1000000 AS client_ns, 6000000 AS queue_ns,
       i * 20000000 - 10000000 AS prefill_ns, i * 80000000 AS decode_ns, 0 AS unattributed_ns,
       i * 20000000 AS ttft_ns, i * 20000000 - 10000000 AS engine_prefill_ns, i * 80000000 AS engine_decode_ns,
       100 AS input_tokens, 25 * (i - 1) AS cached_tokens, 100 - 25 * (i - 1) AS prompt_tokens_processed,
       9 AS output_tokens, 'stop' AS finish_reason, 9 AS content_chunks,
       [10000 * i, 10000 * i, 10000 * i, 10000 * i]::UINTEGER[] AS chunk_gaps_us
FROM range(1, 5) t(i);

INSERT INTO requests BY NAME
SELECT 'req-slow' AS request_id, repeat('a', 32) AS trace_id, repeat('a', 16) AS span_id,
       1767225610000000000 AS start_unix_ns, 'POST' AS method, '/v1/completions' AS route,
       'text_completion' AS operation, 'beta' AS model, 'llama-server' AS upstream, false AS stream,
       200 AS http_status, 2000000000 AS total_ns, 1000000 AS receive_ns, 1000000 AS gateway_ns,
       NULL::BIGINT AS connect_ns, 1998000000 AS upstream_ns, 1500000000 AS queue_ns, 98000000 AS prefill_ns,
       400000000 AS decode_ns, 0 AS unattributed_ns, 50 AS input_tokens, 5 AS output_tokens, 'length' AS finish_reason;

INSERT INTO requests BY NAME
SELECT 'req-failed' AS request_id, repeat('b', 32) AS trace_id, 1767225612000000000 AS start_unix_ns,
       'POST' AS method, '/v1/chat/completions' AS route, 'chat' AS operation, 'alpha' AS model, true AS stream,
       502 AS http_status, 'upstream_refused' AS error_type, 'connection refused' AS error_message,
       3000000 AS total_ns, 1000000 AS receive_ns, 1000000 AS gateway_ns, 1000000 AS connect_ns;

INSERT INTO requests BY NAME
SELECT 'req-models' AS request_id, repeat('c', 32) AS trace_id, 1767225613000000000 AS start_unix_ns,
       'GET' AS method, '/v1/models' AS route, false AS stream, 200 AS http_status, 2000000 AS total_ns;

-- What the engine's probe saw of the four chats: the prompt of req-2 held up req-3 and req-4, and somebody
-- else's prompt held up req-4.
DELETE FROM attribution;
DELETE FROM turns;
DELETE FROM interference;

INSERT INTO attribution BY NAME
SELECT 'req-' || i AS request_id, 1767225600000000000 + i * 1000000000 AS start_unix_ns, 7 AS engine_id, i - 1 AS slot,
       1 AS turns, 'slot' AS rule, i * 100000000 - 4000000 AS upstream_ns, 6000000 AS queue_ns,
       i * 20000000 - 10000000 AS own_prefill_ns, i * 40000000 AS own_decode_ns,
       CASE WHEN i > 2 THEN i * 16000000 ELSE 0 END AS others_prefill_ns,
       CASE WHEN i > 2 THEN i * 24000000 ELSE i * 40000000 END AS others_decode_ns, 0 AS engine_gap_ns,
       CASE WHEN i > 2 THEN i * 16000000 ELSE 0 END AS stalled_ns
FROM range(1, 5) t(i);

INSERT INTO turns BY NAME
SELECT 7 AS engine_id, i AS turn, CASE WHEN i < 5 THEN 'req-' || i END AS request_id,
       1767225600000000000 + i * 1000000000 AS start_unix_ns, 100000000 AS duration_ns, i - 1 AS slot, 9 AS steps,
       i * 1000 AS prefill_tokens, 8 AS decode_tokens, 0 AS draft_tokens, 50000000 AS own_ns
FROM range(1, 6) t(i);

INSERT INTO interference BY NAME
SELECT 7 AS engine_id, turn, by_turn, 1767225603000000000 AS start_unix_ns, 3 AS steps, prefill_ns, 0 AS decode_ns
FROM (VALUES (3, 2, 48000000), (4, 2, 24000000), (4, 5, 40000000)) t(turn, by_turn, prefill_ns);

-- What of their prompts had been computed before: half of req-2's, which another slot held, and a quarter of somebody
-- else's. The engine copied three idle slots to memory, and none came back.
DELETE FROM prompt_reuse;
DELETE FROM state_copies;

INSERT INTO prompt_reuse BY NAME
SELECT 7 AS engine_id, turn, request_id, 1767225600000000000 + turn * 1000000000::BIGINT + 1000000 AS start_unix_ns,
       prompt AS prompt_tokens, cached AS cached_tokens, cached + again AS reusable_tokens, again AS recomputed_tokens,
       held AS recomputed_held_tokens, again * 1000000::BIGINT AS recomputed_ns, shares AS shares_with_turn,
       cached + again AS shared_tokens
FROM (VALUES (1, 'req-1', 1000, 0, 0, 0, NULL), (2, 'req-2', 2500, 500, 1000, 1000, 1), (5, NULL, 5000, 0, 1250, 0, 2))
     t(turn, request_id, prompt, cached, again, held, shares);

INSERT INTO state_copies BY NAME
SELECT 7 AS engine_id, 1767225600000000000 + i * 1000000000 AS start_unix_ns, i * 100000000 AS duration_ns,
       'save' AS operation, 0 AS slot, 1048576 AS bytes
FROM range(1, 4) t(i);

-- One trace of a request with its phases, and a failed call beside it.
INSERT INTO received_spans BY NAME
SELECT repeat('a', 32) AS trace_id, span_id, parent_span_id, name, kind,
       1767225610000000000 + after_ns AS start_unix_ns, duration_ns, status_code, status_message,
       'llamatelemetry' AS service_name,
       CASE WHEN kind = 'CLIENT' THEN '{"gen_ai.request.model":"beta"}' END AS attributes
FROM (VALUES
  ('a000000000000001', NULL, 'POST /v1/completions', 'SERVER', 0, 2000000000, 'UNSET', NULL),
  ('a000000000000002', 'a000000000000001', 'text_completion beta', 'CLIENT', 2000000, 1998000000, 'UNSET', NULL),
  ('a000000000000003', 'a000000000000002', 'queue', 'INTERNAL', 2000000, 1500000000, 'UNSET', NULL),
  ('a000000000000004', 'a000000000000002', 'prefill', 'INTERNAL', 1502000000, 98000000, 'UNSET', NULL),
  ('a000000000000005', 'a000000000000002', 'decode', 'INTERNAL', 1600000000, 400000000, 'UNSET', NULL),
  ('a000000000000006', 'a000000000000001', 'lookup', 'CLIENT', 100000000, 50000000, 'ERROR', 'no such host')
) t(span_id, parent_span_id, name, kind, after_ns, duration_ns, status_code, status_message);

UPDATE losses SET count = 0, run_count = 0, last_unix_ns = NULL;
UPDATE losses SET count = 3, run_count = 3 WHERE name = 'sse_event_torn';
CHECKPOINT;
