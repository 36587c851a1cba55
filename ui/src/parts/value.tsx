// Values as components: a dash with its reason where something is not known.
import type { ComponentChildren } from "preact";

/** A dash for a value that is not known, with the reason for those who point at it or listen. */
export function Unknown({ why }: { why: string }) {
  return (
    <span class="unknown" title={why}>
      —<span class="hidden"> (unknown: {why})</span>
    </span>
  );
}

/** `text` where there is one, otherwise a dash that says why not. */
export function Known({ text, why }: { text: string | null; why: string }) {
  return text === null ? <Unknown why={why} /> : <>{text}</>;
}

/** A name and its value, in a `<dl class="facts">`. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
