// The graph page: which graph, what is asked of it, and its picture.
import "../../styles/pictures.css";
import "../../graph/graph.css";
import "./graph.css";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { askJson, NeedsKey } from "../../data/api";
import { connection } from "../../data/live";
import { count } from "../../parts/format";
import { useCommands } from "../../shell/commands";
import { announce } from "../../shell/notices";
import { PageHead } from "../../shell/page_head";
import { param, setParams } from "../../shell/router";
import { isDark } from "../../shell/theme";
import { ChosenPanel } from "./chosen";
import { Controls, DropZone, type Catalogue } from "./controls";
import type { Legend as LegendData } from "../../graph/encode";
import { Findings } from "../../graph/findings";
import { Legend } from "../../graph/legend";
import { askPicture, columnOf, textOf, type Picture } from "../../graph/picture";
import { GraphScene } from "../../graph/scene";
import { TimeBrush } from "./time_brush";
import { sendEdges } from "../../graph/upload";
import { adjacency, around, pathBetween, type Adjacency } from "../../graph/walk";

const DEFAULT_GRAPH = "services";
const BROWSER_LAYOUT_FROM = 150_000; // edges: beyond, the server's layout takes minutes

const PROCESSOR_FORCES_TO = 20_000; // edges: beyond, a browser without a GPU answers nothing for seconds at a time

const EMPTY: Record<string, string> = {
  services:
    "No call between services has been seen. It is drawn from spans: those of the gateway's requests, and those of your own services when they send OpenTelemetry traces.",
  trace: "No span has a child here yet. Send a request through the gateway, or choose a longer time.",
  interference:
    "No two requests have shared the engine. Send several at once: an edge then says who delayed whom, exactly where the engine's probe is on.",
  prefix:
    "No prompt has come twice. When the same prompt comes again, this shows how much of it was computed again.",
  model: "The model file has no tensors.",
};

interface State {
  picture: Picture | null;
  problem: string;
  busy: boolean;
}

/** What is asked of the console: everything that makes another picture, nothing that only colours it. */
function question(): { graph: string; query: URLSearchParams; key: string } {
  const graph = param("graph") ?? DEFAULT_GRAPH;
  const query = new URLSearchParams();
  for (const name of ["algorithm", "since", "from", "trace", "resolution", "layout"]) {
    const value = param(name);
    if (value) query.set(name, value);
  }
  return { graph, query, key: `${graph}?${query}` };
}

function usePicture(): State & { cancel(): void } {
  const { graph, query, key } = question();
  const [state, setState] = useState<State>({ picture: null, problem: "", busy: true });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => {
    const controller = (stop.current = new AbortController());
    setState((before) => ({ ...before, problem: "", busy: true }));
    askPicture(graph, query, controller.signal).then(
      (picture) => {
        if (!controller.signal.aborted) setState({ picture, problem: "", busy: false });
      },
      (error: Error) => {
        if (error instanceof NeedsKey) connection.value = "key";
        const problem = error.name === "AbortError" ? "stopped" : error.message;
        if (stop.current === controller) setState((before) => ({ ...before, problem, busy: false }));
      },
    );
    return () => controller.abort();
  }, [key]);
  return { ...state, cancel: () => stop.current?.abort() };
}

function defaultColour(picture: Picture): string {
  for (const name of ["place", "community", "component"]) if (columnOf(picture, name)) return name;
  return "degree";
}

function defaultSize(picture: Picture): string {
  const asked = picture.head.algorithm;
  return columnOf(picture, asked)?.kind === "number"
    ? asked
    : columnOf(picture, "bytes")
      ? "bytes"
      : "degree";
}

function choicesOf(picture: Picture) {
  return {
    colour: param("colour") ?? defaultColour(picture),
    size: param("size") ?? defaultSize(picture),
    label: param("label") ?? "label",
  };
}

function indexOfId(picture: Picture, id: string | null): number | null {
  if (!id) return null;
  const ids = columnOf(picture, "id");
  const found = ids?.kind === "text" ? ids.values.indexOf(id) : -1;
  return found < 0 ? null : found;
}

function timeRange(): [number, number] | null {
  const [from, to] = [param("t0"), param("t1")];
  return from === null || to === null ? null : [Number(from), Number(to)];
}

/** What is meant by the choices in the URL: nodes, edges, and the way between two. */
function meantBy(picture: Picture, graph: Adjacency) {
  const chosen = indexOfId(picture, param("node"));
  const target = indexOfId(picture, param("to"));
  const hops = Number(param("hops") ?? "0");
  let nodes: number[] | null = null;
  let edges: number[] | null = null;
  let path: { nodes: number[]; edges: number[] } | null = null;
  if (chosen !== null && target !== null) {
    path = pathBetween(graph, chosen, target);
    nodes = path?.nodes ?? [chosen, target];
    edges = path?.edges ?? [];
  } else if (chosen !== null && hops > 0) nodes = around(graph, chosen, hops);
  const range = timeRange();
  const times = columnOf(picture, "start");
  if (range && times?.kind === "number") {
    const inTime = (v: number) => times.values[v]! >= range[0] && times.values[v]! <= range[1];
    nodes = (nodes ?? Array.from({ length: picture.head.node_count }, (_, v) => v)).filter(inTime);
  }
  if (nodes && !edges && nodes.length < 200_000) {
    const inside = new Set(nodes);
    edges = [];
    for (let e = 0; e < picture.source.length; ++e)
      if (inside.has(picture.source[e]!) && inside.has(picture.target[e]!)) edges.push(e);
  }
  return { chosen, target, nodes, edges, path };
}

/** Whether the forces of this graph are for a GPU, and there is none. */
function tooMuch(scene: GraphScene | null, picture: Picture): boolean {
  return !!scene?.renderer.onProcessor && picture.head.edge_count > PROCESSOR_FORCES_TO;
}

export default function GraphPage() {
  const { picture, problem, busy, cancel } = usePicture();
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  const parent = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [scene, setScene] = useState<GraphScene | null>(null);
  const [legend, setLegend] = useState<LegendData | null>(null);
  const [hover, setHover] = useState<{ node: number; x: number; y: number } | null>(null);
  const [simulating, setSimulating] = useState(false);
  const [fellTogether, setFellTogether] = useState(false);
  const plain = param("webgl") === "0";

  useEffect(() => {
    askJson<Catalogue>("/api/v1/graphs").then(setCatalogue, () => undefined);
  }, []);
  useEffect(() => {
    let mine: GraphScene | null = null;
    let closed = false;
    const events = {
      chosen: (node: number | null) => pick(node),
      hovered: (node: number | null, x: number, y: number) => setHover(node === null ? null : { node, x, y }),
      settled: () => setSimulating(false),
      fellTogether: () => {
        setSimulating(false);
        setFellTogether(true);
      },
    };
    void GraphScene.make(parent.current!, overlay.current!, events, plain).then((made) => {
      if (closed) return made.close();
      mine = made;
      (window as { llamatelemetryGraph?: GraphScene }).llamatelemetryGraph = made;
      setScene(made);
    });
    return () => {
      closed = true;
      mine?.close();
      setScene(null);
    };
  }, [plain]);

  const shown = useRef<Picture | null>(null);
  shown.current = picture;
  const pick = (node: number | null) => {
    const ids = shown.current && columnOf(shown.current, "id");
    const id = node !== null && ids?.kind === "text" ? (ids.values[node] ?? null) : null;
    if (choosingTarget.current && id) setParams({ to: id }, "push");
    else setParams({ node: id, to: null, hops: id ? param("hops") : null }, "push");
    choosingTarget.current = false;
  };
  const choosingTarget = useRef(false);
  const near = useMemo(
    () => (picture ? adjacency(picture.head.node_count, picture.source, picture.target) : null),
    [picture],
  );

  const choices = picture ? choicesOf(picture) : null;
  const choicesKey = choices ? Object.values(choices).join("|") : "";
  const styled = useRef(""); // the choices that are drawn
  useEffect(() => {
    if (!scene || !picture) return;
    setFellTogether(false); // of the picture before
    scene.show(picture);
    styled.current = choicesKey;
    setLegend(scene.style(choicesOf(picture)));
    if (!columnOf(picture, "x") && !tooMuch(scene, picture)) setSimulating(scene.renderer.simulate(true));
    else setSimulating(false);
  }, [scene, picture]);
  useEffect(() => {
    if (!scene || !choices || styled.current === choicesKey) return;
    styled.current = choicesKey;
    setLegend(scene.style(choices));
  }, [choicesKey]);
  useSignalEffect(() => {
    void isDark.value;
    if (scene && shown.current) setLegend(scene.style(choicesOf(shown.current)));
  });
  const meant = picture && near ? meantBy(picture, near) : null;
  const meantKey = ["node", "to", "hops", "t0", "t1"].map((name) => param(name)).join("|");
  useEffect(() => {
    if (scene && meant) scene.mark({ nodes: meant.nodes, edges: meant.edges, chosen: meant.chosen });
  }, [scene, picture, meantKey]);

  const toggleSimulation = () => {
    if (!scene) return;
    if (!scene.renderer.simulate(!simulating))
      announce("Forces need WebGL, which this browser does not offer here.", "failed");
    else setSimulating(!simulating);
  };
  const takeFile = async (file: File) => {
    try {
      const name = await sendEdges(file);
      const large = file.size > 3_000_000;
      setParams(
        {
          graph: name,
          algorithm: null,
          from: null,
          node: null,
          to: null,
          t0: null,
          t1: null,
          colour: null,
          size: null,
          layout: large ? "none" : null,
        },
        "push",
      );
    } catch (error) {
      announce((error as Error).message, "failed");
    }
  };
  useCommands(
    () => [
      { text: "Show the whole graph", group: "Graph", keys: "0", run: () => scene?.renderer.fit(null) },
      { text: "Zoom in", group: "Graph", keys: "+", run: () => scene?.renderer.zoom(1.4) },
      { text: "Zoom out", group: "Graph", keys: "-", run: () => scene?.renderer.zoom(1 / 1.4) },
      {
        text: "Come to what is chosen",
        group: "Graph",
        keys: "f",
        run: () => scene?.renderer.fit(meant?.nodes ?? (meant?.chosen != null ? [meant.chosen] : null)),
      },
      {
        text: "Search in the graph",
        group: "Graph",
        keys: "/",
        run: () => document.getElementById("graph-find")?.focus(),
      },
      { text: "Let forces move it, or stop them", group: "Graph", keys: "m", run: toggleSimulation },
      {
        text: "Choose nothing",
        group: "Graph",
        keys: "Escape",
        run: () => setParams({ node: null, to: null, hops: null }),
      },
    ],
    [scene, simulating, meantKey, picture],
  );

  const graph = param("graph") ?? DEFAULT_GRAPH;
  const times = picture && columnOf(picture, "start");
  const empty = picture !== null && picture.head.node_count === 0;
  const labels = picture && columnOf(picture, "label");
  const flat = scene?.renderer.kind === "canvas";
  return (
    <>
      <PageHead title="Graph">
        <button type="button" onClick={() => scene?.renderer.fit(null)}>
          Whole graph
        </button>
        <button type="button" aria-pressed={simulating} disabled={flat} onClick={toggleSimulation}>
          Forces
        </button>
      </PageHead>
      <Controls
        catalogue={catalogue}
        picture={picture}
        choices={choices}
        onFile={(file) => void takeFile(file)}
        onFound={pick}
      />
      {scene && flat && (
        <p class="banner" data-banner="webgl">
          {plain
            ? "Drawn without WebGL, as asked."
            : "This browser offers no WebGL here, so the graph is drawn on a plain canvas:"}{" "}
          at most {count(scene.renderer.mostEdges)} edges, and no forces. Layouts come from the server.
        </p>
      )}
      {problem && !busy && (
        <p class="banner" role="alert">
          {problem === "stopped" ? "The analysis was stopped." : problem}
        </p>
      )}
      <div class="graph-columns">
        <DropZone onFile={(file) => void takeFile(file)}>
          <div
            class="graph-picture"
            ref={parent}
            role="img"
            aria-label={labels ? `Graph of ${count(picture.head.node_count)} nodes` : "Graph"}
          />
          <canvas class="graph-labels" ref={overlay} aria-hidden="true" />
          {busy && (
            <div class="graph-busy" role="status">
              Computing…{" "}
              <button type="button" onClick={cancel}>
                Stop
              </button>
            </div>
          )}
          {empty && !busy && (
            <div class="graph-empty page-note">
              <p>{EMPTY[graph] ?? "This edge list has no edges."}</p>
              <p>
                Any edge list can be drawn too: drop a CSV or Parquet file with the columns src, dst and
                perhaps weight here.
              </p>
            </div>
          )}
          {hover && labels && (
            <p class="graph-tip" style={{ left: `${hover.x + 12}px`, top: `${hover.y + 12}px` }}>
              {textOf(labels, hover.node)}
            </p>
          )}
        </DropZone>
        <aside class="graph-side">
          {picture && !empty && <Findings picture={picture} />}
          {legend && !empty && <Legend legend={legend} size={choices?.size ?? ""} />}
          {picture && near && meant?.chosen != null && (
            <ChosenPanel
              picture={picture}
              near={near}
              chosen={meant.chosen}
              target={meant.target}
              path={meant.path}
              shown={meant.nodes?.length ?? null}
              onChooseTarget={() => {
                choosingTarget.current = true;
                announce("Choose the other end: click a node, or search for it.");
              }}
              onPick={pick}
            />
          )}
        </aside>
      </div>
      {times?.kind === "number" && picture?.head.origin_unix_ns != null && !empty && (
        <TimeBrush
          times={times.values}
          originUnixNs={picture.head.origin_unix_ns}
          range={timeRange()}
          onChange={(range) =>
            setParams({ t0: range ? range[0].toFixed(1) : null, t1: range ? range[1].toFixed(1) : null })
          }
        />
      )}
      {picture && picture.head.edge_count > BROWSER_LAYOUT_FROM && !columnOf(picture, "x") && (
        <p class="note">The layout is made in this browser: a graph of this size takes the server minutes.</p>
      )}
      {picture && scene && !flat && picture.head.edge_count > scene.renderer.mostEdges && (
        <p class="note" data-note="edges">
          This browser draws without a GPU: {count(scene.renderer.mostEdges)} of the{" "}
          {count(picture.head.edge_count)} edges are drawn, a sample of every community&apos;s. Everything
          else counts all.
        </p>
      )}
      {picture && !flat && !columnOf(picture, "x") && tooMuch(scene, picture) && (
        <p class="note" data-note="forces">
          This browser draws without a GPU, where a step of the forces takes seconds for so many edges:
          communities lie side by side until “Forces” is pressed.
        </p>
      )}
      {fellTogether && (
        <p class="note" data-note="fell-together">
          This browser&apos;s GPU put all nodes in one place when the forces moved them, so they are off, and
          the nodes are where they were. Under “Layout”, the server places them.
        </p>
      )}
    </>
  );
}
