-- Rows from which everything in test_pictures_api.py follows. {now}: nanoseconds since 1970, some minutes ago.
DELETE FROM requests;
DELETE FROM received_spans;

-- slow: 10 ms queue, 400 ms prefill, 590 ms decode, held up by neighbour; both were in the engine's steps.
INSERT INTO requests BY NAME
SELECT id AS request_id, lpad(no, 32, '0') AS trace_id, lpad(no, 16, '1') AS span_id, lpad(no, 16, '2') AS client_span_id,
       {now} + begin_ms * 1000000::BIGINT AS start_unix_ns, 'POST' AS method, '/v1/chat/completions' AS route, 'chat' AS operation,
       'm' AS model, 'engine' AS upstream, 'llama_cpp' AS provider, true AS stream, 200 AS http_status, error AS error_type,
       'progress' AS phase_rule, total * 1000000::BIGINT AS total_ns, 0 AS receive_ns, 0 AS gateway_ns, 0 AS connect_ns, 0 AS client_ns,
       total * 1000000::BIGINT AS upstream_ns, queue * 1000000::BIGINT AS queue_ns, prefill * 1000000::BIGINT AS prefill_ns,
       (total - queue - prefill) * 1000000::BIGINT AS decode_ns, 0 AS unattributed_ns, 0 AS operation_start_ns,
       total * 1000000::BIGINT AS operation_ns, 0 AS queue_start_ns, queue * 1000000::BIGINT AS prefill_start_ns,
       (queue + prefill) * 1000000::BIGINT AS decode_start_ns, tokens AS input_tokens, 0 AS cached_tokens, 50 AS output_tokens,
       'stop' AS finish_reason, 'p' || no AS prompt_hash, slot
FROM (VALUES ('slow', '1', 0, 1000, 10, 400, 1000, 0, NULL), ('neighbour', '2', 300, 500, 5, 300, 8000, 1, NULL),
             ('quick', '3', 5000, 40, 0, 10, 10, 0, NULL), ('broken', '4', 6000, 20, 5, 10, 10, 0, 'timeout'))
     t(id, no, begin_ms, total, queue, prefill, tokens, slot, error);

-- One engine: 90 steps of 10 ms; slow is in slot 0 all along, neighbour in slot 1 from step 30 to 69.
INSERT INTO steps BY NAME
SELECT 7::UBIGINT AS engine_id, i::UBIGINT AS step, 'engine' AS upstream, {now} + 10000000 + i * 11000000 AS start_unix_ns,
       10000000 AS return_ns, 10000000 AS sync_ns, 1000000 AS gap_ns, 'target' AS context, 'decode' AS operation,
       CASE WHEN i BETWEEN 30 AND 69 THEN 2 ELSE 1 END AS sequences, 1 AS tokens,
       CASE WHEN i < 36 OR i BETWEEN 30 AND 50 THEN 25 ELSE 0 END AS prefill_tokens,
       CASE WHEN i >= 36 THEN 1 ELSE 0 END AS decode_tokens, 0 AS result
FROM range(90) r(i);
INSERT INTO step_members BY NAME
SELECT 7::UBIGINT AS engine_id, i::UBIGINT AS step, 1::UBIGINT AS turn, {now} + 10000000 + i * 11000000 AS start_unix_ns, 0 AS slot,
       CASE WHEN i < 36 THEN 25 ELSE 0 END AS prefill_tokens, CASE WHEN i >= 36 THEN 1 ELSE 0 END AS decode_tokens,
       4000000 AS share_ns FROM range(90) r(i)
UNION ALL BY NAME
SELECT i::UBIGINT AS step, 2::UBIGINT AS turn, {now} + 10000000 + i * 11000000 AS start_unix_ns, 1 AS slot,
       CASE WHEN i <= 50 THEN 200 ELSE 0 END AS prefill_tokens, CASE WHEN i > 50 THEN 1 ELSE 0 END AS decode_tokens,
       6000000 AS share_ns, 7::UBIGINT AS engine_id FROM range(30, 70) r(i);
INSERT INTO turns BY NAME
SELECT 7::UBIGINT AS engine_id, turn::UBIGINT AS turn, 'engine' AS upstream, id AS request_id, {now} + b * 1000000::BIGINT AS start_unix_ns,
       d * 1000000::BIGINT AS duration_ns, slot, 90 AS steps, tokens::UBIGINT AS prefill_tokens, 50::UBIGINT AS decode_tokens,
       0::UBIGINT AS draft_tokens, 1 AS own_ns
FROM (VALUES (1, 'slow', 10, 990, 0, 1000), (2, 'neighbour', 340, 440, 1, 8000)) t(turn, id, b, d, slot, tokens);
INSERT INTO interference BY NAME
SELECT 7::UBIGINT AS engine_id, 1::UBIGINT AS turn, 2::UBIGINT AS by_turn, {now} + 340000000 AS start_unix_ns, 40 AS steps,
       200000000 AS prefill_ns, 40000000 AS decode_ns;
INSERT INTO attribution BY NAME
SELECT 'slow' AS request_id, {now} AS start_unix_ns, 7::UBIGINT AS engine_id, 0 AS slot, 1 AS turns, 'slot' AS rule,
       1000000000 AS upstream_ns, 10000000 AS queue_ns, 350000000 AS own_prefill_ns, 300000000 AS own_decode_ns,
       200000000 AS others_prefill_ns, 40000000 AS others_decode_ns, 100000000 AS engine_gap_ns, 50000000 AS stalled_ns;

-- A large trace of others: a root of 100 s, 100 workers of 1 s one after the other, 300 tasks in each; every 1000th failed.
INSERT INTO received_spans BY NAME
SELECT repeat('f', 32) AS trace_id, '00000000000000aa' AS span_id, NULL AS parent_span_id, 'job' AS name, 'SERVER' AS kind,
       {now} AS start_unix_ns, 100000000000 AS duration_ns, 'UNSET' AS status_code, 'front' AS service_name
UNION ALL BY NAME
SELECT repeat('f', 32) AS trace_id, format('b{{:015x}}', i) AS span_id, '00000000000000aa' AS parent_span_id, 'worker' AS name,
       'SERVER' AS kind, {now} + i * 1000000000 AS start_unix_ns, 990000000 AS duration_ns, 'UNSET' AS status_code,
       'workers' AS service_name FROM range(100) r(i)
UNION ALL BY NAME
SELECT repeat('f', 32) AS trace_id, format('c{{:015x}}', i) AS span_id, format('b{{:015x}}', i // 300) AS parent_span_id,
       'task' AS name, 'INTERNAL' AS kind, {now} + (i // 300) * 1000000000 + (i % 300) * 3000000 AS start_unix_ns,
       2500000 AS duration_ns, CASE WHEN i % 1000 = 0 THEN 'ERROR' ELSE 'UNSET' END AS status_code, 'workers' AS service_name
FROM range(30000) r(i);
