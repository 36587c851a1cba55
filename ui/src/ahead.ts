// Before the console's code is there: fetches what the page of the URL is made of, and asks for what it will show.
// scripts/ahead.mjs makes it a script of its own, which index.html runs first.
import { askAhead } from "./data/api";
import { openingPaths } from "./pages/trace/paths";
import { decoded } from "./shell/decoded";

/** Of each page its folder's name and the files that only it needs. */
declare const PAGE_FILES: Record<string, string[]>;

const [name = "", ...rest] = location.pathname.slice(1).split("/");

function fetchAhead(file: string): void {
  const link = document.createElement("link");
  link.href = file;
  link.crossOrigin = "";
  if (file.endsWith(".css")) {
    link.rel = "preload";
    link.as = "style";
  } else link.rel = "modulepreload";
  document.head.append(link);
}

if (name === "trace" && rest[0]) {
  const { trace, rows } = openingPaths(decoded(rest.join("/")), 1);
  askAhead(trace);
  askAhead(rows);
}
PAGE_FILES[name || "live"]?.forEach(fetchAhead);
