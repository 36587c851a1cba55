// One line of facts per engine: what it is, how it is, and what it has been through.
import { el, known, unknown } from "./dom";
import { count } from "./format";
import type { Engine } from "./types";

const NOT_SAID = "the server does not report it";

function fact(name: string, value: Node | string): HTMLElement {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function flashAttention(engine: Engine): Node {
  if (engine.flash_attention === null) return unknown(NOT_SAID);
  return document.createTextNode(engine.flash_attention ? "on" : "off");
}

function slots(engine: Engine): Node {
  if (engine.slots === null) return unknown(NOT_SAID);
  const busy = engine.slots_busy === null ? "" : ` (${count(engine.slots_busy)} busy)`;
  return document.createTextNode(count(engine.slots) + busy);
}

function describe(engine: Engine): HTMLElement {
  const state = engine.state ?? "unknown";
  const build = [engine.build, engine.commit].filter((text) => text !== null).join(" · ");
  const facts = el(
    "dl",
    { class: "facts" },
    fact("Quantisation", known(engine.quantization, NOT_SAID)),
    fact("FlashAttention", flashAttention(engine)),
    fact(
      "Context",
      known(engine.context_tokens === null ? null : `${count(engine.context_tokens)} tokens`, NOT_SAID),
    ),
    fact("Slots", slots(engine)),
    fact("Restarts", el("span", engine.restarts > 0 ? { class: "warn" } : {}, count(engine.restarts))),
    fact("Build", known(build || null, NOT_SAID)),
  );
  const model = engine.model ?? engine.architecture;
  return el(
    "div",
    { class: "engine" },
    el(
      "p",
      { class: "engine-name" },
      el("span", { class: `state state-${state}` }, state),
      el("strong", {}, known(model, "no model is loaded, or the server does not name it")),
      engine.upstream ? el("span", { class: "upstream" }, engine.upstream) : null,
    ),
    facts,
  );
}

let shown = "";

export function showEngines(parent: HTMLElement, engines: Engine[]): void {
  const text = JSON.stringify(engines);
  if (text === shown) return;
  shown = text;
  for (const old of parent.querySelectorAll(".engine")) old.remove();
  if (engines.length === 0) {
    parent.append(el("p", { class: "engine empty" }, "No inference server is configured."));
  }
  for (const engine of engines) parent.append(describe(engine));
}
