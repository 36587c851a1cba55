// The live stream. EventSource cannot send a key and hides why it failed, so the stream is read with fetch:
// the same format, reconnecting with Last-Event-ID, and a watchdog for connections that died silently.
import { ask, NeedsKey } from "./api";
import type { History, Tick } from "./types";

export type Connection = "connecting" | "live" | "lost" | "key";

export interface FeedHandlers {
  history(history: History): void;
  tick(tick: Tick): void;
  connection(state: Connection, retryInMs: number): void;
}

const SILENCE_MS = 6000; // a tick comes every second
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 4000;

export class Feed {
  private lastEventId = "";
  private retryMs = FIRST_RETRY_MS;
  private abort = new AbortController();

  constructor(private readonly handlers: FeedHandlers) {}

  /** Runs until the page goes away. */
  async run(): Promise<void> {
    // A stream can outlive its network by minutes; the browser knows sooner.
    addEventListener("offline", () => this.abort.abort());
    for (;;) {
      try {
        await this.readStream();
      } catch (error) {
        if (error instanceof NeedsKey) {
          this.handlers.connection("key", 0);
          return;
        }
      }
      this.handlers.connection("lost", this.retryMs);
      await retryTime(this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
    }
  }

  private async readStream(): Promise<void> {
    this.abort = new AbortController();
    const watchdog = new Watchdog(() => this.abort.abort());
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.lastEventId) headers["Last-Event-ID"] = this.lastEventId;
      const response = await ask("/api/v1/live", { headers, signal: this.abort.signal });
      if (!response.ok || !response.body) throw new Error(`the console answered ${response.status}`);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let pending = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        watchdog.feed();
        const events = (pending + value).split("\n\n");
        pending = events.pop() ?? "";
        for (const event of events) this.dispatch(event);
      }
    } finally {
      watchdog.stop();
    }
  }

  private dispatch(text: string): void {
    let name = "message";
    let data = "";
    for (const line of text.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("id: ")) this.lastEventId = line.slice(4);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!data) return;
    this.retryMs = FIRST_RETRY_MS;
    if (name === "history") this.handlers.history(JSON.parse(data) as History);
    else if (name === "tick") this.handlers.tick(JSON.parse(data) as Tick);
    this.handlers.connection("live", 0);
  }
}

/** The time to wait, or until the network is back. */
function retryTime(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    addEventListener(
      "online",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

class Watchdog {
  private timer = 0;

  constructor(private readonly bite: () => void) {
    this.feed();
  }

  feed(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(this.bite, SILENCE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
