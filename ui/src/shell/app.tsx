// The frame around every page: navigation, connection, banners, palette, help, and the page itself.
import { useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { connection } from "../data/live";
import { addCommands, startKeyboard } from "./commands";
import { Help, helpOpen } from "./help";
import { KeyDialog } from "./key_dialog";
import { announce, Banners, Toasts } from "./notices";
import { pageAt, pages, type Page, type PageProps } from "./pages";
import { Palette, paletteOpen } from "./palette";
import { go, place } from "./router";
import { nextTheme, themeChoice } from "./theme";
import { isPaused } from "../data/pause";

const CONNECTION_TEXT = { connecting: "connecting", live: "live", lost: "reconnecting", key: "key needed" };

function copyLink(): void {
  navigator.clipboard.writeText(location.href).then(
    () => announce("The link to this view is copied."),
    () => announce("The browser does not let pages copy here; take the address bar's.", "failed"),
  );
}

function shellCommands() {
  return [
    ...pages.map((page) => ({
      text: page.title,
      group: "Go to",
      keys: `g ${page.shortcut}`,
      run: () => go(page.path),
    })),
    { text: "Commands", group: "Everywhere", keys: "mod+k", run: () => (paletteOpen.value = true) },
    { text: "Keyboard help", group: "Everywhere", keys: "?", run: () => (helpOpen.value = true) },
    { text: "Next theme", group: "Everywhere", keys: "t", run: nextTheme },
    { text: "Copy the link to this view", group: "Everywhere", keys: "y", run: copyLink },
  ];
}

function Icon({ path }: { path: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function Navigation({ current }: { current: Page | null }) {
  return (
    <nav class="pages" aria-label="Pages">
      {pages.map((page) => (
        <a
          key={page.path}
          href={page.path}
          data-page
          aria-current={page === current ? "page" : undefined}
          title={`${page.about} (g ${page.shortcut})`}
          onPointerEnter={() => void page.load().catch(() => undefined)}
        >
          <Icon path={page.icon} />
          <span>{page.title}</span>
        </a>
      ))}
    </nav>
  );
}

function ConnectionState() {
  const state = connection.value;
  const text = isPaused.value && state === "live" ? "paused" : CONNECTION_TEXT[state];
  return (
    <p id="connection" class="connection" role="status" data-state={state}>
      {text}
    </p>
  );
}

type Loaded = { page: Page; component: ComponentType<PageProps> } | { page: Page; error: Error };

/** The page of the URL. The one before stays until the next one's code is there, so that nothing flickers. */
function PageArea() {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const found = pageAt(place.value.path);
  useLayoutEffect(() => {
    if (!found) return;
    let current = true;
    found.page.load().then(
      (module) => current && setLoaded({ page: found.page, component: module.default }),
      (error: Error) => current && setLoaded({ page: found.page, error }),
    );
    document.title = `${found.page.title} · llamatelemetry`;
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    return () => {
      current = false;
    };
  }, [found?.page]);
  let content = <p class="page-note">Loading…</p>;
  if (!found) content = <NoSuchPage />;
  else if (loaded?.page === found.page && "component" in loaded) {
    const Component = loaded.component;
    content = <Component rest={found.rest} key={found.page.path} />;
  } else if (loaded && "error" in loaded) content = <LoadFailed />;
  return (
    <main id="main" ref={main} tabIndex={-1}>
      {content}
    </main>
  );
}

function NoSuchPage() {
  return (
    <div class="page-note">
      <h1>There is no such page</h1>
      <p>
        Choose one in the navigation, or go{" "}
        <a href="/" data-page>
          back to Live
        </a>
        .
      </p>
    </div>
  );
}

function LoadFailed() {
  return (
    <div class="page-note" role="alert">
      <h1>This page's code could not be loaded</h1>
      <p>The console may have been updated or is not reachable.</p>
      <button type="button" onClick={() => location.reload()}>
        Load again
      </button>
    </div>
  );
}

export function App() {
  const found = pageAt(place.value.path);
  useEffect(startKeyboard, []);
  useEffect(() => addCommands(shellCommands()), []);
  useSignalEffect(() => {
    document.documentElement.dataset["connection"] = connection.value;
  });
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="side">
        <a class="brand" href="/" data-page aria-label="llamatelemetry: the live page">
          <img src="/icon.svg" alt="" width="26" height="26" />
          <span>llamatelemetry</span>
        </a>
        <Navigation current={found?.page ?? null} />
        <div class="side-foot">
          <ConnectionState />
          <div class="side-buttons">
            <button
              type="button"
              id="open-palette"
              aria-haspopup="dialog"
              onClick={() => (paletteOpen.value = true)}
            >
              Search <kbd>{navigator.platform.includes("Mac") ? "⌘K" : "Ctrl-K"}</kbd>
            </button>
            <button type="button" id="theme" onClick={nextTheme}>
              Theme: {themeChoice.value}
            </button>
            <button
              type="button"
              id="open-help"
              aria-haspopup="dialog"
              aria-label="Keyboard help"
              onClick={() => (helpOpen.value = true)}
            >
              ?
            </button>
          </div>
          <p class="side-links">
            <a href="/api">API</a> <a href="/metrics">Prometheus</a> <a href="/api/v1/status">Status</a>
          </p>
        </div>
      </header>
      <div class="stage">
        <Banners />
        <PageArea />
      </div>
      <Palette />
      <Help />
      <KeyDialog />
      <Toasts />
    </div>
  );
}
