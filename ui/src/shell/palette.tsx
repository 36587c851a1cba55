// The palette: pages, commands and requests by a few letters of their name.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { recent } from "../data/live";
import { dateAndTime } from "../parts/format";
import { commands } from "./commands";
import { useDialog } from "./dialog";
import { Keys } from "./help";
import { linkTo } from "./pages";
import { go } from "./router";

export const paletteOpen = signal(false);

interface Choice {
  key: string;
  text: string;
  group: string;
  keys?: string;
  run(): void;
}

const MOST = 40;
const ID_AT_LEAST = 4; // letters before what is typed may be an id

/** Whether all letters of `typed` stand in `text` in this order; smaller is better, null is no. */
export function matchRank(text: string, typed: string): number | null {
  const low = text.toLowerCase();
  const at = low.indexOf(typed);
  if (at >= 0) return at;
  let from = 0;
  for (const letter of typed) {
    from = low.indexOf(letter, from) + 1;
    if (from === 0) return null;
  }
  return 1000 + low.length;
}

function requestLink(id: string): string {
  return linkTo("trace", id) ?? `/requests?id=${encodeURIComponent(id)}`;
}

function choicesFor(typed: string): Choice[] {
  const text = typed.trim().toLowerCase();
  const listed: Choice[] = commands().map((command, at) => ({ ...command, key: `command ${at}` }));
  const ranked = listed
    .map((choice) => ({ choice, rank: matchRank(`${choice.text} ${choice.group}`, text) }))
    .filter((one) => one.rank !== null)
    .sort((a, b) => a.rank! - b.rank!)
    .map((one) => one.choice);
  const requests: Choice[] = recent.value
    .filter(
      (request) =>
        !text || request.request_id.toLowerCase().includes(text) || request.trace_id.includes(text),
    )
    .slice(0, text ? 20 : 5)
    .map((request) => ({
      key: `request ${request.request_id} ${request.start_unix_ns}`,
      text: request.request_id,
      group: `${request.model ?? request.route} · ${dateAndTime(request.start_unix_ns)}`,
      run: () => go(requestLink(request.request_id)),
    }));
  const asTyped: Choice[] =
    text.length >= ID_AT_LEAST && !/\s/.test(text)
      ? [
          {
            key: "as typed",
            text: `Open request or trace ${typed.trim()}`,
            group: "Requests",
            run: () => go(requestLink(typed.trim())),
          },
        ]
      : [];
  return [...ranked, ...requests, ...asTyped].slice(0, MOST);
}

export function Palette() {
  const open = paletteOpen.value;
  const dialog = useDialog(open);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  useLayoutEffect(() => {
    setTyped("");
    setAt(0);
  }, [open]);
  const choices = open ? choicesFor(typed) : [];
  const chosen = Math.min(at, choices.length - 1);
  useEffect(() => {
    dialog.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    paletteOpen.value = false;
    dialog.current?.close(); // before it runs: what it opens shall have the focus
    choice.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + choices.length) % Math.max(1, choices.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(choices[chosen]);
    }
  };
  return (
    <dialog
      id="palette"
      class="palette"
      ref={dialog}
      aria-label="Commands"
      onClose={() => (paletteOpen.value = false)}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      {open && (
        <div class="palette-body">
          <input
            type="text"
            role="combobox"
            aria-label="Page, command, request id or trace id"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={choices[chosen] ? `palette-${chosen}` : undefined}
            placeholder="Page, command, request id or trace id"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={onKey}
          />
          <ul id="palette-list" role="listbox" aria-label="What can be chosen">
            {choices.map((choice, position) => (
              <li
                key={choice.key}
                id={`palette-${position}`}
                role="option"
                aria-selected={position === chosen}
                onClick={() => take(choice)}
                onMouseMove={() => setAt(position)}
              >
                <span class="palette-text">{choice.text}</span>
                <span class="palette-group">{choice.group}</span>
                {choice.keys && <Keys keys={choice.keys} />}
              </li>
            ))}
          </ul>
          {choices.length === 0 && <p class="note palette-none">Nothing is called that.</p>}
        </div>
      )}
    </dialog>
  );
}
