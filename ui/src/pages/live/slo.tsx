// How many requests of the time shown keep the objectives. Asked only while there are some.
import { useEffect, useState } from "preact/hooks";
import { runQuery } from "../../data/api";
import { isPaused } from "../../data/pause";
import { Explain } from "../../parts/explain";
import { count, milliseconds, percent } from "../../parts/format";
import { objective, spanSeconds } from "./view";

const REFRESH_MS = 5000;

interface Kept {
  ttft_kept: number;
  ttft_known: number;
  tpot_kept: number;
  tpot_known: number;
}

function sqlFor(from: number, to: number, ttft: number | null, tpot: number | null): string {
  const within = (column: string, limit: number | null) =>
    limit === null ? "0" : `count(*) FILTER (${column} <= ${Math.round(limit * 1e6)})`;
  const perToken = "CASE WHEN output_tokens > 1 AND decode_ns > 0 THEN decode_ns / (output_tokens - 1) END";
  return `SELECT ${within("ttft_ns", ttft)} AS ttft_kept, count(ttft_ns) AS ttft_known,
    ${within("each_ns", tpot)} AS tpot_kept, count(each_ns) AS tpot_known
    FROM (SELECT ttft_ns, ${perToken} AS each_ns FROM requests WHERE operation IS NOT NULL
      AND start_unix_ns >= ${from}000000000 AND start_unix_ns < ${to}000000000)`;
}

function Share({ name, kept, known, limit }: { name: string; kept: number; known: number; limit: number }) {
  const text = known === 0 ? "—" : percent(kept / known);
  return (
    <div>
      <dt>
        {name} within {milliseconds(limit)}
        <Explain
          what={`${name} within the objective`}
          text={`Requests that began in the time shown and have ended: ${count(kept)} of the ${count(known)} whose value is known keep the objective.`}
        />
      </dt>
      <dd title={known === 0 ? "no such request in this time" : undefined}>{text}</dd>
    </div>
  );
}

export function Attainment({ from, to, live }: { from: number; to: number; live: boolean }) {
  const ttft = objective("slo_ttft");
  const tpot = objective("slo_tpot");
  const wanted = ttft !== null || tpot !== null;
  const [kept, setKept] = useState<Kept | null>(null);
  const paused = isPaused.value;
  const span = spanSeconds();
  useEffect(() => {
    if (!wanted || paused) return;
    const abort = new AbortController();
    const read = async () => {
      if (document.hidden) return;
      const end = live ? Math.floor(Date.now() / 1000) : to;
      const response = await runQuery(sqlFor(live ? end - span : from, end, ttft, tpot), {
        format: "json",
        signal: abort.signal,
      });
      setKept(((await response.json()) as Kept[])[0] ?? null);
    };
    const again = () => void read().catch(() => undefined); // the connection's state is told elsewhere
    again();
    const timer = live ? setInterval(again, REFRESH_MS) : 0;
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [ttft, tpot, live, span, paused, live ? 0 : from, live ? 0 : to]);
  if (!wanted || !kept) return null;
  return (
    <section class="panel" id="attainment" aria-label="Objectives">
      <dl class="figures">
        {ttft !== null && (
          <Share name="First token" kept={kept.ttft_kept} known={kept.ttft_known} limit={ttft} />
        )}
        {tpot !== null && (
          <Share name="Each token" kept={kept.tpot_kept} known={kept.tpot_known} limit={tpot} />
        )}
      </dl>
    </section>
  );
}
