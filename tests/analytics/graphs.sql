-- Rows from which every edge in test_store_graphs.py follows. 1767225600 is 2026-01-01 00:00:00 UTC.
DELETE FROM requests;
DELETE FROM received_spans;

-- a: in the engine from 0.1 s to 1.0 s; b: 0.5 to 2.0; c: 1.5 to 1.6; d: alone on another server; e: never got there.
INSERT INTO requests BY NAME
SELECT id AS request_id, lpad(id, 32, '0') AS trace_id, 1767225600000000000 AS start_unix_ns, 'POST' AS method,
       '/v1/chat/completions' AS route, 'chat' AS operation, 'm' AS model, server AS upstream, true AS stream,
       200 AS http_status, 3000000000 AS total_ns, b AS prefill_start_ns, 10000000 AS prefill_ns, b + 10000000 AS decode_start_ns,
       e - b - 10000000 AS decode_ns, hash AS prompt_hash, tokens AS input_tokens, cached AS cached_tokens
FROM (VALUES ('a', 'one', 100000000, 1000000000, 'p1', 100, 0), ('b', 'one', 500000000, 2000000000, 'p1', 100, 60),
             ('c', 'one', 1500000000, 1600000000, 'p2', 50, 0), ('d', 'two', 0, 3000000000, 'p1', 100, 100),
             ('e', NULL, NULL, NULL, 'p9', NULL, NULL)) t(id, server, b, e, hash, tokens, cached);

-- web calls shop twice and pay once; shop calls a database that sends no spans.
INSERT INTO received_spans BY NAME
SELECT repeat('f', 32) AS trace_id, id AS span_id, parent AS parent_span_id, name, kind, 1767225700000000000 AS start_unix_ns,
       ms * 1000000 AS duration_ns, 'OK' AS status_code, service AS service_name, attributes::JSON AS attributes
FROM (VALUES ('1', NULL, 'GET /', 'SERVER', 90, 'web', '{}'), ('2', '1', 'call shop', 'CLIENT', 50, 'web', '{}'),
             ('3', '2', 'list', 'SERVER', 40, 'shop', '{}'), ('4', '1', 'call shop', 'CLIENT', 20, 'web', '{}'),
             ('5', '4', 'buy', 'SERVER', 10, 'shop', '{}'), ('6', '1', 'call pay', 'CLIENT', 9, 'web', '{}'),
             ('7', '6', 'pay', 'SERVER', 8, 'pay', '{}'),
             ('8', '3', 'SELECT', 'CLIENT', 5, 'shop', '{"server.address": "db", "server.port": 5432}'))
     t(id, parent, name, kind, ms, service, attributes);
