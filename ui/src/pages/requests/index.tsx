// The requests page: what matches, when it was and how long it took, and each of them.
import "../../styles/requests.css";
import "../../styles/list.css";
import { useEffect, useState } from "preact/hooks";
import { columnTitle, wantSchema } from "../../parts/columns";
import { Explain } from "../../parts/explain";
import { count, nanoseconds, percent } from "../../parts/format";
import { useCommands } from "../../shell/commands";
import { PageHead, Segments } from "../../shell/page_head";
import { param, setParams } from "../../shell/router";
import { useAnswer, useList, type Heatmap } from "./data";
import { FilterBar } from "./filters";
import { HeatmapPicture, type Selection } from "./heatmap";
import {
  apiColumns,
  apiFilters,
  filters,
  METRICS,
  metric,
  nsText,
  rangeName,
  RANGES,
  setFilters,
  setRange,
} from "./query";
import { RequestList } from "./table";

const PAGE_ROWS = 100;

function Figure({ name, text, why }: { name: string; text: string; why: string }) {
  return (
    <div>
      <dt>
        {name}
        <Explain what={name} text={why} />
      </dt>
      <dd>{text}</dd>
    </div>
  );
}

function Summary({ map }: { map: Heatmap }) {
  const title = columnTitle(metric());
  const unknown = map.count - map.known;
  const quantile = (value: number | null) => (value === null ? "—" : nanoseconds(value));
  const of = `${title.toLowerCase()} over the ${count(map.known)} requests that have one`;
  return (
    <dl class="figures">
      <Figure
        name="Requests"
        text={count(map.count)}
        why="Requests that match the filters, counted in the store now."
      />
      <Figure
        name="Failed"
        text={map.count ? `${count(map.errors)} (${percent(map.errors / map.count)})` : "0"}
        why="Requests with an error: refused, cut off, cancelled by the client or failed in the engine."
      />
      <Figure name="p50" text={quantile(map.p50)} why={`Half are faster: ${of}.`} />
      <Figure name="p95" text={quantile(map.p95)} why={`19 of 20 are faster: ${of}.`} />
      <Figure name="p99" text={quantile(map.p99)} why={`99 of 100 are faster: ${of}.`} />
      {unknown > 0 && (
        <Figure
          name="Without"
          text={count(unknown)}
          why={`Requests whose ${title.toLowerCase()} is not known, such as answers that were not streams. They are in the list and not in the picture.`}
        />
      )}
    </dl>
  );
}

export default function RequestsPage() {
  const [asked, setAsked] = useState(() => Date.now());
  useEffect(wantSchema, []);
  const refresh = () => setAsked(Date.now());
  useCommands(() => [{ text: "Refresh", group: "Requests", keys: "r", run: refresh }], []);
  const base = apiFilters(asked);
  const forList = new URLSearchParams(base);
  forList.set("limit", String(PAGE_ROWS));
  forList.set("columns", apiColumns());
  const sort = param("sort");
  if (sort) forList.set("sort", sort);
  const forMap = new URLSearchParams(base);
  forMap.set("metric", metric());
  const list = useList(`/api/v1/requests?${forList}`, asked);
  const map = useAnswer<Heatmap>(`/api/v1/heatmap?${forMap}`, asked);

  const select = (selection: Selection) => {
    const others = filters().filter((filter) => filter.column !== metric());
    setFilters(
      [
        ...others,
        { column: metric(), operator: "ge", value: String(selection.lowNs) },
        { column: metric(), operator: "le", value: String(selection.highNs) },
      ],
      { since: nsText(selection.fromMs), until: nsText(selection.toMs) },
    );
  };
  const title = columnTitle(metric());
  return (
    <>
      <PageHead title="Requests">
        <Segments
          legend="Time"
          name="range"
          options={RANGES}
          value={param("since") ? "" : rangeName()}
          onChange={setRange}
        />
        <button type="button" id="refresh" onClick={refresh}>
          Refresh
        </button>
      </PageHead>
      <FilterBar />
      <section class="panel" aria-labelledby="heat-title">
        <div class="panel-head">
          <h2 id="heat-title">When, and how long</h2>
          <label class="picker">
            <span class="hidden">Duration drawn</span>
            <select
              id="metric"
              value={metric()}
              onChange={(event) =>
                setParams(
                  { metric: event.currentTarget.value === "total_ns" ? null : event.currentTarget.value },
                  "push",
                )
              }
            >
              {METRICS.map(([text, name]) => (
                <option value={name} key={name}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          <p class="note">
            {map.value?.dots
              ? "each dot is a request; click one for its trace"
              : "the darker, the more requests"}
            ; drag, or arrow keys with Shift and Enter, select time and duration
          </p>
        </div>
        {map.error && (
          <p class="failed" role="alert">
            The picture could not be computed: {map.error}
          </p>
        )}
        {map.value && <Summary map={map.value} />}
        {map.value && map.value.known > 0 && (
          <HeatmapPicture
            map={map.value}
            label={`${title} of ${count(map.value.known)} requests over time`}
            onSelect={select}
          />
        )}
        {map.value && map.value.count > 0 && map.value.known === 0 && (
          <p class="note">
            None of these requests has this duration: {title.toLowerCase()} is known for streams that produced
            something.
          </p>
        )}
      </section>
      <RequestList list={list} total={map.value?.count ?? null} />
    </>
  );
}
