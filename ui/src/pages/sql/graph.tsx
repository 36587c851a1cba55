// A result as a graph: two columns are the ends of its edges. Analysed by the console and drawn as on the Graph page.
import "../../graph/graph.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Legend as LegendData } from "../../graph/encode";
import { Findings } from "../../graph/findings";
import { Legend } from "../../graph/legend";
import { askPicture, columnOf, textOf, type Picture } from "../../graph/picture";
import { GraphScene } from "../../graph/scene";
import { sendEdges } from "../../graph/upload";
import { adjacency, around } from "../../graph/walk";
import { count } from "../../parts/format";
import { setParams } from "../../shell/router";
import { isDark } from "../../shell/theme";
import { edgeColumns, edgeList, type EdgeColumns, type EdgeList } from "./edges";
import { isNumeric, type Result } from "./result";

interface Drawn {
  name: string; // under which the console keeps the edge list
  picture: Picture;
}

/** The edge list as the console draws it; it is sent again when it changes. */
function useDrawn(list: EdgeList): { drawn: Drawn | null; problem: string; busy: boolean } {
  const [state, setState] = useState<{ drawn: Drawn | null; problem: string; busy: boolean }>({
    drawn: null,
    problem: "",
    busy: true,
  });
  useEffect(() => {
    if (list.edges === 0) {
      setState({ drawn: null, problem: "", busy: false });
      return;
    }
    const abort = new AbortController();
    setState((before) => ({ ...before, problem: "", busy: true }));
    const draw = async () => {
      const name = await sendEdges(new File([list.csv], "the result"));
      const picture = await askPicture(name, new URLSearchParams(), abort.signal);
      if (!abort.signal.aborted) setState({ drawn: { name, picture }, problem: "", busy: false });
    };
    draw().catch((error: Error) => {
      if (!abort.signal.aborted) setState({ drawn: null, problem: error.message, busy: false });
    });
    return () => abort.abort();
  }, [list.csv]);
  return state;
}

/** The scene in `parent`, there a moment after the component is. */
function useScene(choose: (node: number | null) => void) {
  const parent = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [scene, setScene] = useState<GraphScene | null>(null);
  const [hovered, setHovered] = useState<{ node: number; x: number; y: number } | null>(null);
  useEffect(() => {
    let mine: GraphScene | null = null;
    let closed = false;
    const events = {
      chosen: choose,
      hovered: (node: number | null, x: number, y: number) =>
        setHovered(node === null ? null : { node, x, y }),
      settled: () => undefined,
      fellTogether: () => undefined,
    };
    void GraphScene.make(parent.current!, overlay.current!, events, false).then((made) => {
      if (closed) return made.close();
      mine = made;
      (window as { llamatelemetryGraph?: GraphScene }).llamatelemetryGraph = made;
      setScene(made);
    });
    return () => {
      closed = true;
      mine?.close();
    };
  }, []);
  return { parent, overlay, scene, hovered };
}

function ColumnChoice(props: {
  name: string;
  text: string;
  value: number;
  result: Result;
  columns: number[];
  none?: string;
}) {
  const { result, columns, none } = props;
  return (
    <label>
      {props.text}
      <select
        aria-label={props.text}
        value={result.columns[props.value] ?? "none"}
        onChange={(event) => setParams({ [props.name]: event.currentTarget.value })}
      >
        {none && <option value="none">{none}</option>}
        {columns.map((at) => (
          <option value={result.columns[at]} key={at}>
            {result.columns[at]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Choices({ result, columns }: { result: Result; columns: EdgeColumns }) {
  const all = [...result.columns.keys()];
  return (
    <>
      <ColumnChoice name="source" text="From" value={columns.source} result={result} columns={all} />
      <ColumnChoice name="target" text="To" value={columns.target} result={result} columns={all} />
      <ColumnChoice
        name="weight"
        text="Weight"
        value={columns.weight}
        result={result}
        columns={all.filter((at) => isNumeric(result, at))}
        none="every row counts one"
      />
    </>
  );
}

function Limits({ result, list, scene }: { result: Result; list: EdgeList; scene: GraphScene | null }) {
  const parts = [`${count(list.edges)} of ${count(result.rows.length)} rows are edges`];
  if (list.leftOut > 0)
    parts.push(
      `${count(list.leftOut)} are left out: an end is NULL or empty, or the weight is unknown or negative`,
    );
  if (result.truncated)
    parts.push("the query has more rows than were asked for; at most 10,000 can be drawn here");
  const most = scene?.renderer.mostEdges ?? Infinity;
  if (scene?.renderer.kind === "canvas") parts.push(`drawn without WebGL, at most ${count(most)} edges`);
  else if (list.edges > most) parts.push(`drawn without a GPU, a sample of ${count(most)} edges`);
  return <p class="note">{parts.join("; ")}.</p>;
}

export default function ResultGraph({ result }: { result: Result }) {
  const columns = edgeColumns(result);
  if (!columns)
    return (
      <p class="note">
        A graph needs two columns, where an edge begins and where it ends; this result has one.
      </p>
    );
  return <Graph result={result} columns={columns} />;
}

function Graph({ result, columns }: { result: Result; columns: EdgeColumns }) {
  const list = useMemo(
    () => edgeList(result, columns),
    [result, columns.source, columns.target, columns.weight],
  );
  const { drawn, problem, busy } = useDrawn(list);
  const [chosen, setChosen] = useState<number | null>(null);
  const [legend, setLegend] = useState<LegendData | null>(null);
  const { parent, overlay, scene, hovered } = useScene(setChosen);
  const picture = drawn?.picture ?? null;
  const size = columns.weight < 0 ? "degree" : "weight";
  const dark = isDark.value;
  const near = useMemo(
    () => (picture ? adjacency(picture.head.node_count, picture.source, picture.target) : null),
    [picture],
  );
  useEffect(() => {
    if (!scene || !picture) return;
    setChosen(null);
    scene.show(picture);
  }, [scene, picture]);
  useEffect(() => {
    if (scene && picture) setLegend(scene.style({ colour: "community", size, label: "label" }));
  }, [scene, picture, size, dark]);
  useEffect(() => {
    if (!scene || !picture || !near) return;
    scene.mark({ nodes: chosen === null ? null : around(near, chosen, 1), edges: null, chosen });
  }, [scene, picture, chosen]);
  const labels = picture && columnOf(picture, "label");
  const id = chosen !== null && labels ? textOf(labels, chosen) : "";
  return (
    <div class="result-graph">
      <div class="chart-choices">
        <Choices result={result} columns={columns} />
        <button type="button" disabled={!scene} onClick={() => scene?.renderer.fit(null)}>
          Whole graph
        </button>
        {drawn && (
          <a
            class="button"
            href={`/graph?graph=${drawn.name}${id ? `&node=${encodeURIComponent(id)}` : ""}`}
            data-page
            title="Search, algorithms, paths and neighbourhoods"
          >
            On the Graph page
          </a>
        )}
      </div>
      <Limits result={result} list={list} scene={scene} />
      {problem && (
        <p class="failed" role="alert">
          The graph could not be drawn: {problem}
        </p>
      )}
      <div class="graph-stage" hidden={list.edges === 0}>
        <div
          class="graph-picture"
          ref={parent}
          role="img"
          aria-label={picture ? `Graph of ${count(picture.head.node_count)} nodes` : "Graph"}
        />
        <canvas class="graph-labels" ref={overlay} aria-hidden="true" />
        {busy && (
          <p class="graph-busy" role="status">
            Computing…
          </p>
        )}
        {hovered && labels && (
          <p class="graph-tip" style={{ left: `${hovered.x + 12}px`, top: `${hovered.y + 12}px` }}>
            {textOf(labels, hovered.node)}
          </p>
        )}
      </div>
      {picture && (
        <p class="note" role="status">
          {chosen === null
            ? "Click a node to see what it is joined to."
            : `${id} is joined to ${count(around(near!, chosen, 1).length - 1)} others.`}
        </p>
      )}
      {picture && <Findings picture={picture} />}
      {picture && legend && <Legend legend={legend} size={size} />}
    </div>
  );
}
