// What is known of the chosen node, its neighbours, and the way to another one.
import { count } from "../../parts/format";
import { linkTo } from "../../shell/pages";
import { param, setParams } from "../../shell/router";
import { columnOf, textOf, type Picture } from "../../graph/picture";
import type { Adjacency } from "../../graph/walk";

const SHOWN_NEIGHBOURS = 12;

interface Props {
  picture: Picture;
  near: Adjacency;
  chosen: number;
  target: number | null;
  path: { nodes: number[]; edges: number[] } | null;
  shown: number | null;
  onChooseTarget(): void;
  onPick(node: number): void;
}

function nameOf(picture: Picture, node: number): string {
  const label = columnOf(picture, "label");
  return label ? textOf(label, node) : String(node);
}

function NodeButton({
  picture,
  node,
  onPick,
}: {
  picture: Picture;
  node: number;
  onPick(node: number): void;
}) {
  return (
    <button type="button" class="node-link" onClick={() => onPick(node)}>
      {nameOf(picture, node)}
    </button>
  );
}

/** The page that shows what a node stands for, where there is one. */
function DetailLink({ picture, chosen }: { picture: Picture; chosen: number }) {
  const ids = columnOf(picture, "id");
  if (ids?.kind !== "text" || !["interference", "prefix"].includes(picture.head.graph)) return null;
  const id = ids.values[chosen]!;
  const link = id.startsWith("turn ") ? null : linkTo("trace", id);
  return link ? (
    <a class="button" href={link} data-page>
      Its trace
    </a>
  ) : null;
}

function Neighbours({
  picture,
  near,
  chosen,
  onPick,
}: Pick<Props, "picture" | "near" | "chosen" | "onPick">) {
  const weight = picture.edges.find((column) => column.name === "weight");
  const weights = weight?.kind === "number" ? weight.values : null;
  const sums = new Map<number, number>();
  for (let i = near.begin[chosen]!; i < near.begin[chosen + 1]!; ++i) {
    const other = near.neighbour[i]!;
    if (other !== chosen) sums.set(other, (sums.get(other) ?? 0) + (weights?.[near.edge[i]!] ?? 1));
  }
  const list = [...sums].sort((a, b) => b[1] - a[1]);
  return (
    <>
      <h3>{count(list.length)} neighbours</h3>
      <ul class="neighbours">
        {list.slice(0, SHOWN_NEIGHBOURS).map(([node, sum]) => (
          <li key={node}>
            <NodeButton picture={picture} node={node} onPick={onPick} />
            <span class="number">{sum.toLocaleString(undefined, { maximumFractionDigits: 2 })}</span>
          </li>
        ))}
      </ul>
      {list.length > SHOWN_NEIGHBOURS && <p class="note">and {count(list.length - SHOWN_NEIGHBOURS)} more</p>}
    </>
  );
}

export function ChosenPanel(props: Props) {
  const { picture, chosen, target, path } = props;
  const hops = param("hops") ?? "0";
  const columns = picture.nodes.filter((column) => !["label", "x", "y"].includes(column.name));
  return (
    <section class="panel chosen" aria-labelledby="chosen-title">
      <h2 id="chosen-title">{nameOf(picture, chosen)}</h2>
      <div class="chosen-actions">
        <label class="labelled">
          Neighbourhood{" "}
          <select
            value={hops}
            onChange={(event) =>
              setParams({ hops: event.currentTarget.value === "0" ? null : event.currentTarget.value })
            }
          >
            <option value="0">all</option>
            <option value="1">1 edge</option>
            <option value="2">2 edges</option>
            <option value="3">3 edges</option>
          </select>
        </label>
        <button type="button" onClick={props.onChooseTarget}>
          Path to…
        </button>
        <DetailLink picture={picture} chosen={chosen} />
      </div>
      {props.shown !== null && target === null && (
        <p class="note">{count(props.shown)} nodes are meant; the others step back.</p>
      )}
      {target !== null && (
        <div class="path" role="status">
          <h3>
            {path
              ? `Path of ${count(path.edges.length)} edges to ${nameOf(picture, target)}`
              : `No path leads to ${nameOf(picture, target)}`}
          </h3>
          <ol>
            {path?.nodes.map((node) => (
              <li key={node}>
                <NodeButton picture={picture} node={node} onPick={props.onPick} />
              </li>
            ))}
          </ol>
        </div>
      )}
      <dl class="attributes">
        {columns.map((column) => {
          const text = textOf(column, chosen);
          return text ? (
            <div key={column.name}>
              <dt title={column.meaning}>{column.name}</dt>
              <dd>{text}</dd>
            </div>
          ) : null;
        })}
      </dl>
      <Neighbours {...props} />
    </section>
  );
}
