// Where the model would fit: the placements side by side, replanned with every move of a slider.
import { useEffect, useRef, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import { bytes, count, number } from "../../parts/format";
import { announce } from "../../shell/notices";
import { param, setParams } from "../../shell/router";
import type { CardPlan, Placement, Plan } from "./types";

const ASKED = ["context", "parallel", "tensor_split", "kv_type", "flash_attention", "gpus"] as const;
const MOST_SLOTS = 64;
const QUIET_MS = 90; // a slider is let move before its plan is asked for

/** Steps of a context slider: powers of two and their halves up to what was trained, or a bit more. */
function contextSteps(trained: number | null): number[] {
  const top = Math.max(trained ?? 32768, 8192);
  const steps: number[] = [];
  for (let size = 512; size <= top; size *= 2) {
    steps.push(size);
    if (size * 1.5 < top) steps.push(size * 1.5);
  }
  if (steps.at(-1) !== top) steps.push(top);
  return steps;
}

function usePlan(): { plan: Plan | null; problem: string; busy: boolean } {
  const query = new URLSearchParams();
  for (const name of ASKED) {
    const value = param(name);
    if (value) query.set(name, value);
  }
  const key = query.toString();
  const [plan, setPlan] = useState<Plan | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(true);
  const asked = useRef(0);
  useEffect(() => {
    const number = ++asked.current;
    setBusy(true);
    const timer = setTimeout(() => {
      askJson<Plan>(`/api/v1/plan?${key}`).then(
        (answer) => {
          if (number !== asked.current) return;
          setPlan(answer);
          setProblem("");
          setBusy(false);
        },
        (error: Error) => {
          if (number !== asked.current) return;
          setProblem(error.message);
          setBusy(false);
        },
      );
    }, QUIET_MS);
    return () => clearTimeout(timer);
  }, [key]);
  return { plan, problem, busy };
}

interface SliderProps {
  id: string;
  name: string;
  text: string;
  max: number;
  value: number;
  onInput(value: number): void;
  onClear: (() => void) | null;
}

function Slider({ id, name, text, max, value, onInput, onClear }: SliderProps) {
  return (
    <div class="slider">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="range"
        min={0}
        max={max}
        value={value}
        aria-valuetext={text}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
      <output for={id}>{text}</output>
      {onClear && (
        <button type="button" aria-label={`${name}: as the planner chooses`} onClick={onClear}>
          ✕
        </button>
      )}
    </div>
  );
}

function Options({ plan }: { plan: Plan }) {
  const steps = contextSteps(plan.trained_context);
  const context = param("context");
  const chosenContext =
    plan.placements.find((one) => one.context_tokens !== null)?.context_tokens ?? steps[0]!;
  const at = (size: number) => {
    const found = steps.findIndex((step) => step >= size);
    return found < 0 ? steps.length - 1 : found;
  };
  const parallel = param("parallel");
  const split = param("tensor_split");
  const cards = plan.placements[0]?.gpus.length ?? 0;
  const share = split ? Number(split.split(",")[0]) : NaN;
  const gpus = param("gpus") ?? "";
  const known = gpus === "" || plan.presets.includes(gpus);
  return (
    <div class="plan-options">
      <label class="field" for="plan-gpus">
        <span>GPUs</span>
        <select
          id="plan-gpus"
          value={known ? gpus : "other"}
          onChange={(event) => {
            const value = event.currentTarget.value;
            setParams({ gpus: value === "other" ? "2x16GiB" : value, tensor_split: null }, "push");
          }}
        >
          <option value="">this machine</option>
          {plan.presets.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          <option value="other">other sizes…</option>
        </select>
      </label>
      {!known && (
        <label class="field" for="plan-sizes">
          <span>Sizes</span>
          <input
            id="plan-sizes"
            value={gpus}
            onChange={(event) =>
              setParams({ gpus: event.currentTarget.value.trim(), tensor_split: null }, "push")
            }
          />
        </label>
      )}
      <Slider
        id="plan-context"
        name="Context"
        text={context ? `${count(Number(context))} tokens` : `${count(chosenContext)} tokens, chosen`}
        max={steps.length - 1}
        value={at(context ? Number(context) : chosenContext)}
        onInput={(value) => setParams({ context: String(steps[value]!) })}
        onClear={context ? () => setParams({ context: null }) : null}
      />
      <Slider
        id="plan-parallel"
        name="Slots"
        text={parallel ? `${parallel}, a cache each` : "4, one cache"}
        max={MOST_SLOTS - 1}
        value={parallel ? Number(parallel) - 1 : 3}
        onInput={(value) => setParams({ parallel: String(value + 1) })}
        onClear={parallel ? () => setParams({ parallel: null }) : null}
      />
      {cards === 2 && (
        <Slider
          id="plan-split"
          name="Split"
          text={split ? `${number(share * 100)} % on the first card` : "as the planner chooses"}
          max={20}
          value={Number.isFinite(share) ? Math.round(share * 20) : 10}
          onInput={(value) => setParams({ tensor_split: `${value / 20},${(20 - value) / 20}` })}
          onClear={split ? () => setParams({ tensor_split: null }) : null}
        />
      )}
      {cards > 2 && (
        <label class="field" for="plan-shares">
          <span>Shares of the cards</span>
          <input
            id="plan-shares"
            placeholder="1,1,0"
            value={split ?? ""}
            onChange={(event) => setParams({ tensor_split: event.currentTarget.value.trim() })}
          />
        </label>
      )}
      <label class="field" for="plan-kv">
        <span>KV cache</span>
        <select
          id="plan-kv"
          value={param("kv_type") ?? "f16"}
          onChange={(event) =>
            setParams({ kv_type: event.currentTarget.value === "f16" ? null : event.currentTarget.value })
          }
        >
          {plan.kv_types.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <label class="field" for="plan-flash">
        <span>FlashAttention</span>
        <select
          id="plan-flash"
          value={param("flash_attention") ?? "on"}
          onChange={(event) =>
            setParams({
              flash_attention: event.currentTarget.value === "on" ? null : event.currentTarget.value,
            })
          }
        >
          <option>on</option>
          <option>off</option>
        </select>
      </label>
    </div>
  );
}

const PARTS: [keyof CardPlan & string, string, string][] = [
  ["weights_bytes", "weights", "weights"],
  ["kv_bytes", "kv", "KV cache"],
  ["compute_bytes", "compute", "compute buffers"],
  ["context_bytes", "context", "CUDA context (estimate)"],
  ["reserve_bytes", "reserve", "kept free for the driver"],
  ["others_bytes", "others", "other processes"],
  ["free_bytes", "free", "free"],
];

function Card({ card }: { card: CardPlan }) {
  const needed = PARTS.slice(0, -1).reduce((sum, [member]) => sum + Number(card[member]), 0);
  const scale = Math.max(card.total_bytes, needed);
  const parts = PARTS.filter(([member]) => Number(card[member]) > 0);
  return (
    <div class="card-plan">
      <p>
        GPU {card.index} <span class="note">{card.name ?? ""}</span> {bytes(card.total_bytes)}:{" "}
        <strong>{card.role}</strong>
        {card.layers > 0 && `, ${count(card.layers)} layers${card.output ? " and the output" : ""}`}
      </p>
      <div
        class="vram-bar"
        role="img"
        aria-label={parts.map(([m, , text]) => `${text} ${bytes(Number(card[m]))}`).join(", ")}
      >
        {parts.map(([member, tone, text]) => (
          <span
            key={member}
            class={`vram-${tone}`}
            style={{ width: `${(Number(card[member]) / scale) * 100}%` }}
            title={`${text} ${bytes(Number(card[member]))}`}
          />
        ))}
        {card.missing_bytes > 0 && (
          <span class="vram-edge" style={{ left: `${(card.total_bytes / scale) * 100}%` }} />
        )}
      </div>
      <p class="note">
        {card.missing_bytes > 0 ? (
          <span class="warn">{bytes(card.missing_bytes)} too much</span>
        ) : (
          `${bytes(card.free_bytes)} free`
        )}
        {card.weights_bytes > 0 &&
          `, weights ${bytes(card.weights_bytes)}, KV ${bytes(card.kv_bytes)}, compute ${bytes(card.compute_bytes)}`}
      </p>
    </div>
  );
}

/** Which card has each layer, in order; the last place is the output. */
function LayerStrip({ placement }: { placement: Placement }) {
  if (placement.layer_gpus.length === 0 || placement.gpus.length === 0) return null;
  const cards = new Set(placement.layer_gpus);
  const text = [...cards].map((card) => {
    const layers = placement.layer_gpus.filter((one) => one === card).length;
    return `${card === null ? "RAM" : `GPU ${card}`}: ${layers} of ${placement.layer_gpus.length} places`;
  });
  return (
    <div class="strip" role="img" aria-label={text.join(", ")} title={text.join(", ")}>
      {placement.layer_gpus.map((card, i) => (
        <span key={i} class={card === null ? "on-host" : `on-card-${card % 4}`} />
      ))}
    </div>
  );
}

function copyCommand(placement: Placement): void {
  const environment = Object.entries(placement.env).map(([name, value]) => `${name}=${value}`);
  const text = [...environment, "llama-server", ...placement.flags].join(" ");
  navigator.clipboard.writeText(text).then(
    () => announce("The command is copied."),
    () => announce(`The browser does not let pages copy here: ${text}`, "failed"),
  );
}

function PlacementCard({ placement, plan }: { placement: Placement; plan: Plan }) {
  const tags = [
    plan.chosen === placement.name ? "recommended" : "",
    plan.running === placement.name ? "running" : "",
  ].filter(Boolean);
  const host = placement.host.weights_bytes + placement.host.kv_bytes + placement.host.compute_bytes;
  const { decode_tokens_per_second: decode, prefill_tokens_per_second: prefill } = placement.bounds;
  return (
    <article
      class={`placement verdict-${placement.verdict.replaceAll(" ", "-")}`}
      aria-label={`Placement ${placement.name}`}
    >
      <h3>
        {placement.name}{" "}
        {tags.map((tag) => (
          <span class="tag" key={tag}>
            {tag}
          </span>
        ))}
      </h3>
      <p class="verdict">
        <strong>{placement.verdict}</strong>: {placement.reason}.
      </p>
      {placement.gpus.map((card) => (
        <Card card={card} key={card.index} />
      ))}
      <LayerStrip placement={placement} />
      {host > 0 && (
        <p class="note">
          RAM: {bytes(host)}
          {plan.ram_bytes !== null && ` of ${bytes(plan.ram_bytes)}`}
          {placement.host.layers > 0 && `, ${count(placement.host.layers)} layers`}
        </p>
      )}
      {placement.analytics && (
        <p class="note">
          Analytics on GPU {placement.analytics.gpu}: room for {bytes(placement.analytics.bytes)}, about{" "}
          {count(placement.analytics.edges)} edges
        </p>
      )}
      {decode !== null && (
        <p class="note">
          At most {number(decode)} tokens a second for one request
          {prefill !== null && `, ${number(prefill)} of prompt`}: bounds, not predictions
        </p>
      )}
      {placement.changes.length > 0 && <p>It would fit with {placement.changes.join(", or with ")}.</p>}
      {placement.notes.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      {placement.flags.length > 0 && (
        <button type="button" onClick={() => copyCommand(placement)}>
          Copy the command
        </button>
      )}
    </article>
  );
}

function Key() {
  return (
    <ul class="key">
      {PARTS.map(([, tone, text]) => (
        <li key={tone}>
          <span class={`swatch vram-${tone}`} />
          {text}
        </li>
      ))}
    </ul>
  );
}

export function Plans() {
  const { plan, problem, busy } = usePlan();
  // On a machine without GPUs the three placements on cards say nothing: the processor's is the plan.
  const shown = plan?.placements.filter((one) => (one.name === "cpu") === (one.gpus.length === 0)) ?? [];
  const list =
    plan && plan.placements[0]?.gpus.length ? plan.placements.filter((one) => one.name !== "cpu") : shown;
  return (
    <section class="panel plans" aria-labelledby="plans-title" aria-busy={busy}>
      <div class="panel-head">
        <h2 id="plans-title">Where it would fit</h2>
        {plan && <p class="note">planned for {plan.gpus_from}</p>}
      </div>
      {plan && <Options plan={plan} />}
      {problem && (
        <p class="warn" role="alert">
          {problem}
        </p>
      )}
      {plan && list.every((one) => one.gpus.length === 0) && (
        <p class="note">
          No GPU is here that a plan knows ({plan.gpus_from}). Choose one above to see what it would hold.
        </p>
      )}
      {plan && (
        <>
          <p>{plan.chosen ? `${plan.why}.` : `Nothing that was asked for fits: ${plan.why}.`}</p>
          <div class="placements">
            {list.map((placement) => (
              <PlacementCard placement={placement} plan={plan} key={placement.name} />
            ))}
          </div>
          <Key />
        </>
      )}
    </section>
  );
}
