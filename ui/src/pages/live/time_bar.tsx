// Which time is shown, what it is compared with, and the objectives it is held against.
import { useState } from "preact/hooks";
import { parseDuration, writeDuration } from "../../parts/duration";
import { isPaused } from "../../data/pause";
import { param, setParams } from "../../shell/router";
import { Segments } from "../../shell/page_head";
import { COMPARISONS, fixedStretch, objective, setSpan, setStretch, SPANS, spanSeconds } from "./view";

export function togglePause(): void {
  isPaused.value = !isPaused.peek();
}

// The page is drawn anew each second, so what is typed belongs to the inputs, not to us.

/** Local time as <input type="datetime-local"> has it. */
function inputTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function StretchForm({ close }: { close(): void }) {
  const [start] = useState(() => {
    const now = Math.floor(Date.now() / 1000);
    return fixedStretch() ?? { from: now - Math.max(3600, spanSeconds()), to: now };
  });
  const [wrong, setWrong] = useState("");
  const take = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const from = Math.floor(Date.parse(String(form.get("from"))) / 1000);
    const to = Math.ceil(Date.parse(String(form.get("to"))) / 1000);
    if (!(to > from)) {
      setWrong("The end must be after the start.");
      return;
    }
    setStretch({ from, to });
    close();
  };
  return (
    <form class="inline-form" id="stretch" onSubmit={take}>
      <label>
        From{" "}
        <input
          class="field"
          type="datetime-local"
          step="1"
          name="from"
          required
          defaultValue={inputTime(start.from)}
        />
      </label>
      <label>
        to{" "}
        <input
          class="field"
          type="datetime-local"
          step="1"
          name="to"
          required
          defaultValue={inputTime(start.to)}
        />
      </label>
      <button type="submit" class="primary">
        Show
      </button>
      <button type="button" onClick={close}>
        Cancel
      </button>
      {wrong && (
        <span class="failed" role="alert">
          {wrong}
        </span>
      )}
    </form>
  );
}

function objectiveText(name: "slo_ttft" | "slo_tpot"): string {
  const ms = objective(name);
  return ms === null ? "" : writeDuration(ms * 1e6);
}

function ObjectiveForm({ close }: { close(): void }) {
  const [wrong, setWrong] = useState("");
  const take = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const changes: Record<string, string | null> = {};
    for (const name of ["slo_ttft", "slo_tpot"]) {
      const text = String(form.get(name)).trim();
      const ns = text ? parseDuration(text) : null;
      if (text && !ns) {
        setWrong(`'${text}' is no duration; write 500 ms or 1.5 s.`);
        return;
      }
      changes[name] = ns ? String(ns / 1e6) : null;
    }
    setParams(changes, "push");
    close();
  };
  return (
    <form class="inline-form" id="objectives" onSubmit={take}>
      <label>
        First token within
        <input
          class="field short"
          name="slo_ttft"
          placeholder="500 ms"
          defaultValue={objectiveText("slo_ttft")}
          autofocus
        />
      </label>
      <label>
        each token within
        <input
          class="field short"
          name="slo_tpot"
          placeholder="50 ms"
          defaultValue={objectiveText("slo_tpot")}
        />
      </label>
      <button type="submit" class="primary">
        Set
      </button>
      <button type="button" onClick={close}>
        Cancel
      </button>
      <span class="note">Empty: none. They are drawn into the charts and stand in the link.</span>
      {wrong && (
        <span class="failed" role="alert">
          {wrong}
        </span>
      )}
    </form>
  );
}

/** The controls in the head, and below it the form that one of them opens. */
export function useTimeBar() {
  const [form, setForm] = useState<"stretch" | "objectives" | null>(null);
  const fixed = fixedStretch() !== null;
  const toggle = (name: "stretch" | "objectives") => setForm(form === name ? null : name);
  const close = () => setForm(null);
  const controls = (
    <>
      <Segments
        legend="Time shown"
        name="span"
        options={SPANS}
        value={fixed ? 0 : spanSeconds()}
        onChange={setSpan}
      />
      <button
        type="button"
        id="choose-stretch"
        aria-expanded={form === "stretch"}
        aria-pressed={fixed}
        onClick={() => toggle("stretch")}
      >
        Earlier…
      </button>
      <label class="picker">
        <span class="hidden">Compare with</span>
        <select
          id="compare"
          value={param("compare") ?? "0"}
          onChange={(event) =>
            setParams(
              { compare: event.currentTarget.value === "0" ? null : event.currentTarget.value },
              "push",
            )
          }
        >
          {COMPARISONS.map(([text, value]) => (
            <option value={String(value)} key={value}>
              {value === 0 ? "Compare…" : `with ${text}`}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        id="set-objectives"
        aria-expanded={form === "objectives"}
        aria-pressed={objective("slo_ttft") !== null || objective("slo_tpot") !== null}
        onClick={() => toggle("objectives")}
      >
        SLO
      </button>
      <button id="pause" type="button" aria-pressed={isPaused.value} onClick={togglePause}>
        {isPaused.value ? "Resume" : "Pause"}
      </button>
    </>
  );
  const opened =
    form === "stretch" ? (
      <StretchForm close={close} />
    ) : form === "objectives" ? (
      <ObjectiveForm close={close} />
    ) : null;
  return { controls, opened };
}
