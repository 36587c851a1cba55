// What the reader must not miss: lost data, and events of the engine and the store.
import { present } from "../../data/live";
import { count, isoTime, timeOfDay } from "../../parts/format";

const RANK = { error: 0, warning: 1, info: 2 };

export function Losses() {
  const losses = present.value?.losses ?? [];
  if (losses.length === 0) return null;
  const sorted = [...losses].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  return (
    <section id="losses" class="panel" aria-labelledby="losses-title">
      <h2 id="losses-title">Lost or doubtful data</h2>
      <ul class="losses">
        {sorted.map((loss) => (
          <li data-loss={loss.name} key={loss.name}>
            <span class={`severity severity-${loss.severity}`}>{loss.severity}</span>
            <strong>{count(loss.count)}</strong> {loss.description} <code>{loss.name}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Events() {
  const events = present.value?.events ?? [];
  if (events.length === 0) return null;
  return (
    <section id="events" class="panel" aria-labelledby="events-title">
      <h2 id="events-title">Engine and store events of the last day</h2>
      <ol id="events-body">
        {events.map((event) => (
          <li key={`${event.unix_ns} ${event.kind}`}>
            <time dateTime={isoTime(event.unix_ns)}>{timeOfDay(event.unix_ns)}</time>
            <span class={`severity severity-${event.severity}`}>{event.kind}</span> {event.message ?? ""}
          </li>
        ))}
      </ol>
    </section>
  );
}
