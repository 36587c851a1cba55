// What can be done from the keyboard and from the palette. A page brings its own commands while it is shown.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Command {
  text: string; // "Pause"
  group: string; // "Live"
  keys?: string; // "p", "g l", "mod+k"
  run(): void;
}

const CHORD_MS = 1200; // the time to press the second key of "g l"

const sets = signal<Command[][]>([]);

export function commands(): Command[] {
  return sets.value.flat();
}

export function addCommands(list: Command[]): () => void {
  sets.value = [...sets.peek(), list];
  return () => {
    sets.value = sets.peek().filter((one) => one !== list);
  };
}

/** Commands that exist while the calling component is shown. `make` runs again when `inputs` change. */
export function useCommands(make: () => Command[], inputs: unknown[]): void {
  useEffect(() => addCommands(make()), inputs);
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** "mod+k" as this machine's keys are labelled. */
export function keyCaps(keys: string): string[] {
  return keys.split(" ").map((key) => key.replace("mod+", isMac ? "⌘" : "Ctrl-").replace("mod", "Ctrl"));
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.(
    "input:not([type=checkbox],[type=radio],[type=range]), textarea, select, [contenteditable]",
  );
}

let chord = "";
let chordTimer = 0;

function setChord(keys: string): void {
  clearTimeout(chordTimer);
  chord = keys;
  if (keys) chordTimer = window.setTimeout(() => (chord = ""), CHORD_MS);
}

function handle(event: KeyboardEvent): void {
  const withModifier = event.metaKey || event.ctrlKey;
  if (event.isComposing || event.altKey) return;
  if (!withModifier && (isTyping(event.target) || document.querySelector("dialog[open]"))) return;
  const pressed = withModifier ? `mod+${event.key.toLowerCase()}` : event.key;
  const all = commands();
  const wanted = chord ? `${chord} ${pressed}` : pressed;
  const command = all.findLast((one) => one.keys === wanted) ?? all.findLast((one) => one.keys === pressed);
  if (command) {
    event.preventDefault();
    setChord("");
    command.run();
    return;
  }
  setChord(all.some((one) => one.keys?.startsWith(`${pressed} `)) ? pressed : "");
}

export function startKeyboard(): () => void {
  addEventListener("keydown", handle);
  return () => removeEventListener("keydown", handle);
}
