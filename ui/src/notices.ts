// What the reader must not miss: a lost connection, a store in trouble, lost data, events of the engine.
import { el, setText } from "./dom";
import { count, isoTime, timeOfDay } from "./format";
import type { Loss, SystemEvent } from "./types";

/** Banners by name; an empty text takes one away. */
export class Banners {
  private readonly shown = new Map<string, HTMLElement>();

  constructor(private readonly parent: HTMLElement) {}

  set(name: string, text: string): void {
    const old = this.shown.get(name);
    if (!text) {
      old?.remove();
      this.shown.delete(name);
    } else if (old) {
      setText(old, text);
    } else {
      const banner = el("p", { class: "banner", "data-banner": name }, text);
      this.shown.set(name, banner);
      this.parent.append(banner);
    }
  }
}

let lossesShown = "";

export function showLosses(panel: HTMLElement, body: HTMLElement, losses: Loss[]): void {
  const text = JSON.stringify(losses);
  if (text === lossesShown) return;
  lossesShown = text;
  panel.hidden = losses.length === 0;
  const rank = { error: 0, warning: 1, info: 2 };
  const sorted = [...losses].sort((a, b) => rank[a.severity] - rank[b.severity]);
  const list = el("ul", { class: "losses" });
  for (const loss of sorted) {
    list.append(
      el(
        "li",
        { "data-loss": loss.name },
        el("span", { class: `severity severity-${loss.severity}` }, loss.severity),
        el("strong", {}, count(loss.count)),
        ` ${loss.description} `,
        el("code", {}, loss.name),
      ),
    );
  }
  body.replaceChildren(list);
}

let eventsShown = "";

export function showEvents(panel: HTMLElement, body: HTMLElement, events: SystemEvent[]): void {
  const text = JSON.stringify(events);
  if (text === eventsShown) return;
  eventsShown = text;
  panel.hidden = events.length === 0;
  body.replaceChildren(
    ...events.map((event) =>
      el(
        "li",
        {},
        el("time", { datetime: isoTime(event.unix_ns) }, timeOfDay(event.unix_ns)),
        el("span", { class: `severity severity-${event.severity}` }, event.kind),
        ` ${event.message ?? ""}`,
      ),
    ),
  );
}
