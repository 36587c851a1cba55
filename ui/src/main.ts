// The page: the live stream goes in, charts, engine, requests and notices come out.
import "./styles/base.css";
import "./styles/panels.css";
import "./styles/requests.css";
import { Charts } from "./charts";
import { byId, el, setText } from "./dom";
import { showEngines } from "./engine";
import { Feed, type Connection } from "./feed";
import { showGpus } from "./gpus";
import { askForKey } from "./key_dialog";
import { Banners, showEvents, showLosses } from "./notices";
import { phaseKey } from "./phases";
import { RequestTable } from "./requests";
import { Series } from "./series";
import { initTheme } from "./theme";
import type { Present } from "./types";

const SPANS: [string, number][] = [
  ["1 min", 60],
  ["5 min", 300],
  ["15 min", 900],
];
const SPAN_KEY = "llamatelemetry.span";

const series = new Series();
const charts = new Charts(byId("charts"));
const table = new RequestTable(byId("requests-body"));
const banners = new Banners(byId("banners"));
let seconds =
  SPANS.map(([, value]) => value).find((value) => String(value) === localStorage.getItem(SPAN_KEY)) ?? 300;
let paused = false;

function draw(): void {
  if (!document.hidden) charts.draw(series.window(seconds), seconds);
}

function showPresent(present: Present): void {
  series.setColumns(present.columns);
  showEngines(byId("engines"), present.engines);
  showGpus(byId("gpus-body"), present.gpus);
  showLosses(byId("losses"), byId("losses-body"), present.losses);
  showEvents(byId("events"), byId("events-body"), present.events);
  table.add(present.requests, present.gateway_url);
  banners.set("serving", present.serving ? "" : "Requests cannot be served now: no engine is ready.");
}

const CONNECTION_TEXT: Record<Connection, string> = {
  connecting: "connecting",
  live: "live",
  lost: "reconnecting",
  key: "key needed",
};

function showConnection(state: Connection): void {
  const line = byId("connection");
  setText(line, paused && state === "live" ? "paused" : CONNECTION_TEXT[state]);
  line.dataset["state"] = state;
  const lost =
    "The connection to llamatelemetry is lost. What you see is the last that was known; trying again…";
  banners.set("connection", state === "lost" ? lost : "");
  if (state === "key") askForKey(byId("key-dialog") as HTMLDialogElement);
}

function initSpans(): void {
  for (const [name, value] of SPANS) {
    const input = el("input", { type: "radio", name: "span", id: `span-${value}` });
    input.checked = value === seconds;
    input.addEventListener("change", () => {
      seconds = value;
      localStorage.setItem(SPAN_KEY, String(value));
      draw();
    });
    byId("span").append(input, el("label", { for: `span-${value}` }, name));
  }
}

function initPause(): void {
  const button = byId("pause");
  button.addEventListener("click", () => {
    paused = !paused;
    table.paused = paused;
    button.setAttribute("aria-pressed", String(paused));
    setText(button, paused ? "Resume" : "Pause");
    setText(byId("connection"), paused ? "paused" : CONNECTION_TEXT.live);
    if (!paused) {
      table.showWaiting();
      draw();
    }
  });
}

initTheme(byId("theme"), draw);
initSpans();
initPause();
phaseKey(byId("phase-key"));
document.addEventListener("visibilitychange", draw);
draw();
void charts
  .load()
  .then(draw, () => banners.set("charts", "The charts could not be loaded; reload the page."));

const feed = new Feed({
  history(history) {
    if (history.complete) series.clear();
    showPresent(history);
    series.merge(history.rows);
    if (!paused) draw();
  },
  tick(tick) {
    showPresent(tick);
    series.merge(tick.revised);
    banners.set("store", tick.store_error ? `The store does not answer: ${tick.store_error}` : "");
    if (!paused) draw();
  },
  connection: showConnection,
});
void feed.run();
