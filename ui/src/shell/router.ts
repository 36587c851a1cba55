// Where the reader is. Everything that a view depends on is in the URL, so that a link shows exactly it and
// the back button undoes a choice.
import { computed, signal } from "@preact/signals";

interface Place {
  path: string; // percent-encoded, as in the address bar
  search: string;
}

function here(): Place {
  return { path: location.pathname, search: location.search };
}

export const place = signal<Place>(here());

/** The parameters after '?'. */
export const params = computed(() => new URLSearchParams(place.value.search));

export function param(name: string): string | null {
  return params.value.get(name);
}

/** Goes to a URL of the console. `replace`: the back button does not come back to where we are now. */
export function go(url: string, how: "push" | "replace" = "push"): void {
  const target = new URL(url, location.href);
  const moves = target.pathname !== location.pathname || target.search !== location.search;
  if (!moves) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", target);
  place.value = here();
}

/** Changes parameters in place: null or "" takes one away, a list repeats it. `push` for what a reader would
 * want to undo with the back button. */
export function setParams(
  changes: Record<string, string | string[] | null>,
  how: "push" | "replace" = "replace",
): void {
  const next = new URLSearchParams(params.peek());
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one) next.append(name, one);
  }
  const text = next.toString();
  go(place.peek().path + (text ? `?${text}` : ""), how);
}

// Plain clicks on links of ours stay in this document; everything else is the browser's business.
function followOwnLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
  if (link.dataset["page"] === undefined) return;
  event.preventDefault();
  go(link.href);
}

export function startRouter(): void {
  addEventListener("popstate", () => (place.value = here()));
  document.addEventListener("click", followOwnLinks);
}
