-- A store with known rows of every kind that an export shows. 1767225600 is 2026-01-01 00:00:00 UTC.
DELETE FROM requests;
DELETE FROM received_spans;
DELETE FROM events;
DELETE FROM metrics;

-- r1 and r2 overlap in one engine; r3 begins later on and failed. What people wrote is "secret".
INSERT INTO requests BY NAME
SELECT id AS request_id, lpad(id, 32, 'a') AS trace_id, lpad(id, 16, 'b') AS span_id, lpad(id || '00', 16, 'c') AS client_span_id,
       1767225600000000000 + b * 1000000 AS start_unix_ns, 'POST' AS method, '/v1/chat/completions' AS route,
       '/v1/chat/completions' AS path, 'chat' AS operation, 'tiny & <small>' AS model, 'one' AS upstream, 'llama_cpp' AS provider,
       '127.0.0.1' AS server_address, 8000 AS server_port,
       true AS stream, status AS http_status, CASE WHEN status = 502 THEN 'upstream_refused' END AS error_type,
       'slots' AS phase_rule, total * 1000000 AS total_ns, 1000000 AS operation_start_ns, (total - 2) * 1000000 AS operation_ns,
       2000000 AS queue_start_ns, 12000000 AS prefill_start_ns, 22000000 AS decode_start_ns, 10000000 AS queue_ns,
       10000000 AS prefill_ns, (total - 23) * 1000000 AS decode_ns, 23000000 AS ttft_ns, slot AS slot, 100 AS input_tokens,
       10 AS cached_tokens, 9 AS output_tokens, 0.5 AS temperature, 'p1' AS prompt_hash, '["stop"]'::JSON AS finish_reasons,
       '{"secret":"body"}' AS request_content, 'secret answer' AS response_content,
       '[{"role":"user","parts":[{"content":"secret question"}]}]'::JSON AS input_messages,
       '[{"role":"assistant","parts":[{"content":"secret answer"}]}]'::JSON AS output_messages
FROM (VALUES ('1', 0, 100, 200, 0), ('2', 50, 100, 200, 1), ('3', 200, 40, 502, 0)) t(id, b, total, status, slot);

INSERT INTO turns BY NAME
SELECT 18000000000000000000 AS engine_id, i AS turn, 'one' AS upstream, CASE WHEN i < 4 THEN i::VARCHAR END AS request_id,
       1767225600000000000 + b * 1000000 AS start_unix_ns, ms * 1000000 AS duration_ns, slot AS slot, 10 AS cached_tokens, n AS steps,
       90 AS prefill_tokens, 9 AS decode_tokens, 0 AS draft_tokens, 30000000 AS own_ns
FROM (VALUES (1, 12, 87, 0, 5), (2, 62, 87, 1, 5), (4, 300, 5, 2, 1)) t(i, b, ms, slot, n);

-- Ten steps of 10 ms each, 20 ms apart; sync comes after the call returned. Steps 3 to 5 hold both.
INSERT INTO steps BY NAME
SELECT 18000000000000000000 AS engine_id, i AS step, 'one' AS upstream, 1767225600000000000 + (12 + 20 * i) * 1000000 AS start_unix_ns,
       4000000 AS return_ns, 10000000 AS sync_ns, CASE WHEN i > 0 THEN 10000000 END AS gap_ns, 'target' AS context, 'decode' AS operation,
       CASE WHEN i BETWEEN 3 AND 4 THEN 2 ELSE 1 END AS sequences, CASE WHEN i = 0 THEN 90 ELSE 1 END AS tokens,
       CASE WHEN i = 0 THEN 90 ELSE 0 END AS prefill_tokens, CASE WHEN i = 0 THEN 0 ELSE 1 END AS decode_tokens, 0 AS result
FROM range(0, 8) t(i);
INSERT INTO step_members BY NAME
SELECT 18000000000000000000 AS engine_id, s.step, turn, s.start_unix_ns, turn - 1 AS slot, 0 AS prefill_tokens, 1 AS decode_tokens
FROM steps s, (VALUES (1, 0, 4), (2, 3, 7)) t(turn, low, high) WHERE s.step BETWEEN low AND high;
INSERT INTO interference BY NAME
SELECT 18000000000000000000 AS engine_id, 1 AS turn, 2 AS by_turn, 1767225600072000000 AS start_unix_ns, 2 AS steps, 3000000 AS prefill_ns,
       1000000 AS decode_ns;

INSERT INTO gpus BY NAME SELECT 1767225600000000000 AS unix_ns, 0 AS gpu, 'Tesla T4' AS name;
INSERT INTO gpu_samples BY NAME
SELECT 1767225600000000000 + i * 100000000 AS unix_ns, 0 AS gpu, i / 10 AS utilization, i * 1000000 AS memory_used_bytes,
       CASE WHEN i > 0 THEN 50 + i END AS power_watts
FROM range(0, 5) t(i);
INSERT INTO metrics BY NAME
SELECT 1767225600000000000 + i * 1000000000 AS unix_ns, 'llamatelemetry.requests.waiting' AS name, i AS value, '{request}' AS unit
FROM range(0, 3) t(i);
INSERT INTO events BY NAME
SELECT 1767225600250000000 AS unix_ns, 'engine.restart' AS kind, 'warning' AS severity, 'it went away' AS message, 'one' AS upstream;

-- An application in front: web asks shop twice at the same time, and a model with its question in the attributes.
INSERT INTO received_spans BY NAME
SELECT repeat('f', 32) AS trace_id, lpad(id, 16, '0') AS span_id, lpad(parent, 16, '0') AS parent_span_id, name, kind,
       1767225601000000000 + b * 1000000 AS start_unix_ns, ms * 1000000 AS duration_ns, status AS status_code,
       CASE WHEN status = 'ERROR' THEN 'it broke' END AS status_message, service AS service_name, 'lib' AS scope, 'k=v' AS trace_state,
       attributes::JSON AS attributes, ('{"service.name":"' || service || '","host.name":"h"}')::JSON AS resource_attributes,
       events::JSON AS events, links::JSON AS links
FROM (VALUES
  ('1', NULL, 'GET /', 'SERVER', 0, 100, 'OK', 'web', '{"http.response.status_code":200,"ratio":0.5,"cached":true,"big":9007199254740993}', NULL, NULL),
  ('2', '1', 'call shop', 'CLIENT', 10, 50, 'UNSET', 'web', '{"tags":["a","b"]}', NULL,
   '[{"trace_id":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","span_id":"dddddddddddddddd","attributes":{"why":"retry"}}]'),
  ('3', '1', 'call shop', 'CLIENT', 20, 60, 'UNSET', 'web', '{}', NULL, NULL),
  ('4', '2', 'list', 'SERVER', 15, 40, 'UNSET', 'shop', '{"db.system":"x"}', NULL, NULL),
  ('5', '3', 'buy', 'SERVER', 25, 50, 'ERROR', 'shop', '{}',
   '[{"name":"exception","unix_ns":1767225601030000000,"attributes":{"exception.type":"Oops","gen_ai.prompt":"secret in an event"}}]', NULL),
  ('6', '5', 'chat', 'CLIENT', 30, 20, 'UNSET', 'shop',
   '{"gen_ai.input.messages":"secret question","gen_ai.prompt.0.content":"secret too","gen_ai.request.model":"m"}', NULL, NULL))
  t(id, parent, name, kind, b, ms, status, service, attributes, events, links);
