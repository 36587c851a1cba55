// One line of facts per engine: what it is, how it is, and what it has been through.
import { present } from "../../data/live";
import type { Engine } from "../../data/types";
import { count } from "../../parts/format";
import { Fact, Known, Unknown } from "../../parts/value";

const NOT_SAID = "the server does not report it";

function slotsText(engine: Engine): string | null {
  if (engine.slots === null) return null;
  return count(engine.slots) + (engine.slots_busy === null ? "" : ` (${count(engine.slots_busy)} busy)`);
}

function EngineLine({ engine }: { engine: Engine }) {
  const state = engine.state ?? "unknown";
  const build = [engine.build, engine.commit].filter((text) => text !== null).join(" · ");
  const attention = engine.flash_attention === null ? null : engine.flash_attention ? "on" : "off";
  return (
    <div class="engine">
      <p class="engine-name">
        <span class={`state state-${state}`}>{state}</span>
        <strong>
          <Known
            text={engine.model ?? engine.architecture}
            why="no model is loaded, or the server does not name it"
          />
        </strong>
        {engine.upstream && <span class="upstream">{engine.upstream}</span>}
      </p>
      <dl class="facts">
        <Fact name="Quantisation">
          <Known text={engine.quantization} why={NOT_SAID} />
        </Fact>
        <Fact name="FlashAttention">
          <Known text={attention} why={NOT_SAID} />
        </Fact>
        <Fact name="Context">
          {engine.context_tokens === null ? (
            <Unknown why={NOT_SAID} />
          ) : (
            `${count(engine.context_tokens)} tokens`
          )}
        </Fact>
        <Fact name="Slots">
          <Known text={slotsText(engine)} why={NOT_SAID} />
        </Fact>
        <Fact name="Restarts">
          <span class={engine.restarts > 0 ? "warn" : undefined}>{count(engine.restarts)}</span>
        </Fact>
        <Fact name="Build">
          <Known text={build || null} why={NOT_SAID} />
        </Fact>
      </dl>
    </div>
  );
}

export function Engines() {
  const engines = present.value?.engines ?? [];
  return (
    <section id="engines" class="panel" aria-labelledby="engines-title">
      <h2 id="engines-title" class="hidden">
        Engine
      </h2>
      {engines.length === 0 && <p class="engine empty">No inference server is configured.</p>}
      {engines.map((engine) => (
        <EngineLine engine={engine} key={engine.upstream} />
      ))}
    </section>
  );
}
