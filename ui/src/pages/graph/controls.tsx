// Which graph, what is asked of it, and how it is shown.
import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { announce } from "../../shell/notices";
import { go, param, place, setParams } from "../../shell/router";
import { columnOf, textOf, type Picture } from "../../graph/picture";
import { forgetView, savedViews, saveView } from "./saved";
import type { Choices } from "../../graph/scene";

export interface Catalogue {
  graphs: { name: string; meaning: string; algorithm: string }[];
  algorithms: { name: string; meaning: string; answer: string; needs_from: boolean }[];
}

const SINCE = [
  ["everything stored", ""],
  ["last 15 minutes", "900"],
  ["last hour", "3600"],
  ["last day", "86400"],
] as const;

interface Option {
  value: string;
  text: string;
}

function Select(props: {
  id: string;
  name: string;
  value: string;
  options: Option[];
  onChange(value: string): void;
}) {
  return (
    <label class="labelled" for={props.id}>
      <span>{props.name}</span>
      <select
        id={props.id}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {props.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}

const FRESH = { node: null, to: null, hops: null, t0: null, t1: null, from: null, colour: null, size: null };

function Search({ picture, onFound }: { picture: Picture; onFound(node: number): void }) {
  const [text, setText] = useState("");
  const labels = columnOf(picture, "label");
  const ids = columnOf(picture, "id");
  const find = text.trim().toLowerCase();
  const hits = useMemo(() => {
    const found: number[] = [];
    if (find.length === 0 || !labels || !ids) return found;
    for (let v = 0; v < picture.head.node_count && found.length < 8; ++v) {
      if (textOf(labels, v).toLowerCase().includes(find) || textOf(ids, v).toLowerCase() === find)
        found.push(v);
    }
    return found;
  }, [picture, find]);
  const take = (node: number) => {
    setText("");
    onFound(node);
  };
  return (
    <form
      class="labelled graph-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (hits[0] !== undefined) take(hits[0]);
      }}
    >
      <label for="graph-find">Search</label>
      <input
        id="graph-find"
        type="search"
        autocomplete="off"
        placeholder="a node's name"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {find !== "" && (
        <ul class="graph-hits">
          {hits.length === 0 && <li class="note">no node is called so</li>}
          {hits.map((node) => (
            <li key={node}>
              <button type="button" class="node-link" onClick={() => take(node)}>
                {labels ? textOf(labels, node) : node}
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}

function SavedViews() {
  const [views, setViews] = useState(savedViews);
  const name = useRef<HTMLInputElement>(null);
  const save = (event: Event) => {
    event.preventDefault();
    const text = name.current!.value.trim();
    if (!text) return;
    setViews(saveView({ name: text, search: place.peek().search }));
    name.current!.value = "";
    announce(`This view is kept in this browser as “${text}”.`);
  };
  return (
    <details class="saved">
      <summary>Views ({views.length})</summary>
      <form onSubmit={save} class="labelled">
        <label class="hidden" for="view-name">
          Name of this view
        </label>
        <input type="text" id="view-name" ref={name} placeholder="name of this view" maxLength={60} />
        <button type="submit">Keep</button>
      </form>
      <ul>
        {views.map((view) => (
          <li key={view.name}>
            <button type="button" class="node-link" onClick={() => go(`/graph${view.search}`)}>
              {view.name}
            </button>
            <button
              type="button"
              aria-label={`Forget ${view.name}`}
              onClick={() => setViews(forgetView(view.name))}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function columnOptions(picture: Picture, kinds: string[]): Option[] {
  return picture.nodes
    .filter((column) => kinds.includes(column.kind) && !["x", "y", "predecessor"].includes(column.name))
    .map((column) => ({
      value: column.name,
      text: column.unit ? `${column.name} (${column.unit})` : column.name,
    }));
}

interface Props {
  catalogue: Catalogue | null;
  picture: Picture | null;
  choices: Choices | null;
  onFile(file: File): void;
  onFound(node: number): void;
}

export function Controls({ catalogue, picture, choices, onFile, onFound }: Props) {
  const graph = param("graph") ?? "services";
  const kinds = (catalogue?.graphs ?? []).map(({ name, meaning }) => ({
    value: name,
    text: `${name}: ${meaning}`,
  }));
  if (!kinds.some((kind) => kind.value === graph))
    kinds.push({ value: graph, text: graph.startsWith("edges-") ? "your edge list" : graph });
  const algorithms = (catalogue?.algorithms ?? [])
    .filter((one) => one.answer !== "positions")
    .map((one) => ({
      value: one.name,
      text: one.needs_from ? `${one.name} (from the chosen node)` : one.name,
    }));
  const asked = param("algorithm") ?? "";
  const ask = (name: string) => {
    const info = catalogue?.algorithms.find((one) => one.name === name);
    const node = param("node");
    if (info?.needs_from && !node) return announce(`${name} begins at a node: choose one first.`, "failed");
    setParams({ algorithm: name, from: info?.needs_from ? node : null, size: null, colour: null }, "push");
  };
  return (
    <section class="panel graph-controls" aria-label="What is shown">
      <Select
        id="graph-kind"
        name="Graph"
        value={graph}
        options={kinds}
        onChange={(value) => setParams({ ...FRESH, graph: value, algorithm: null, trace: null }, "push")}
      />
      <Select
        id="graph-algorithm"
        name="Asked"
        value={asked}
        options={[{ value: "", text: "what is usual" }, ...algorithms]}
        onChange={ask}
      />
      <Select
        id="graph-since"
        name="Time"
        value={param("since") ?? ""}
        options={SINCE.map(([text, value]) => ({ value, text }))}
        onChange={(value) => setParams({ since: value, t0: null, t1: null }, "push")}
      />
      <Select
        id="graph-layout"
        name="Layout"
        value={param("layout") ?? ""}
        options={[
          { value: "", text: "from the server" },
          { value: "none", text: "in this browser" },
        ]}
        onChange={(value) => setParams({ layout: value }, "push")}
      />
      {picture && choices && (
        <>
          <Select
            id="graph-colour"
            name="Colour"
            value={choices.colour}
            options={[
              { value: "none", text: "one for all" },
              ...columnOptions(picture, ["number", "group", "category"]),
            ]}
            onChange={(value) => setParams({ colour: value })}
          />
          <Select
            id="graph-size"
            name="Size"
            value={choices.size}
            options={[{ value: "none", text: "one for all" }, ...columnOptions(picture, ["number"])]}
            onChange={(value) => setParams({ size: value })}
          />
          <Select
            id="graph-label"
            name="Label"
            value={choices.label}
            options={[
              { value: "none", text: "none" },
              ...columnOptions(picture, ["number", "group", "category", "text"]),
            ]}
            onChange={(value) => setParams({ label: value })}
          />
          <Search picture={picture} onFound={onFound} />
        </>
      )}
      <label class="button graph-file">
        Open an edge list
        <input
          id="graph-file"
          type="file"
          class="hidden"
          accept=".csv,.tsv,.txt,.parquet"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) onFile(file);
            event.currentTarget.value = "";
          }}
        />
      </label>
      <SavedViews />
    </section>
  );
}

/** A place that takes files dropped on it. */
export function DropZone({ onFile, children }: { onFile(file: File): void; children: ComponentChildren }) {
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "graph-stage over" : "graph-stage"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) onFile(file);
      }}
    >
      {children}
    </div>
  );
}
