// What the shell says: banners stay until their cause is gone, toasts go by themselves and are read aloud.
import { signal } from "@preact/signals";

const TOAST_MS = 5000;

const banners = signal<ReadonlyMap<string, string>>(new Map());
const toasts = signal<{ id: number; text: string; bad: boolean }[]>([]);
let toastId = 0;

/** Shows a banner by name; an empty text takes it away. */
export function setBanner(name: string, text: string): void {
  if ((banners.peek().get(name) ?? "") === text) return;
  const next = new Map(banners.peek());
  if (text) next.set(name, text);
  else next.delete(name);
  banners.value = next;
}

/** A short message: something was done, or could not be. */
export function announce(text: string, kind: "done" | "failed" = "done"): void {
  const id = ++toastId;
  toasts.value = [...toasts.peek(), { id, text, bad: kind === "failed" }].slice(-3);
  setTimeout(() => (toasts.value = toasts.peek().filter((toast) => toast.id !== id)), TOAST_MS);
}

export function Banners() {
  return (
    <div id="banners" aria-live="polite">
      {[...banners.value].map(([name, text]) => (
        <p class="banner" data-banner={name} key={name}>
          {text}
        </p>
      ))}
    </div>
  );
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <p class={toast.bad ? "toast bad" : "toast"} key={toast.id}>
          {toast.text}
        </p>
      ))}
    </div>
  );
}
