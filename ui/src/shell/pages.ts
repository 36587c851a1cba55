// The pages. One registers itself by being there: ui/src/pages/NAME/page.ts, see ui/README.md.
import type { ComponentType } from "preact";
import { decoded } from "./decoded";

export interface PageProps {
  /** What follows the page's path, decoded: the id in /trace/{id}; otherwise "". */
  rest: string;
}

export interface Page {
  path: string; // "/" or "/name"
  title: string;
  about: string; // one sentence: what it is for
  order: number; // in the navigation
  shortcut: string; // the letter after g
  icon: string; // the path of a stroked SVG of 24 by 24

  /** Asks for what it will show, when the console is opened with it: the answer comes while its code does. Settles
   * when that is there; undefined when nothing was asked for. */
  begin?(rest: string): Promise<unknown> | undefined;
  load(): Promise<{ default: ComponentType<PageProps> }>;
}

const found = import.meta.glob<{ default: Page }>("../pages/*/page.ts", { eager: true });

export const pages: Page[] = Object.values(found)
  .map((module) => module.default)
  .sort((a, b) => a.order - b.order);

/** The page that a path leads to, and what follows; null when there is none. */
export function pageAt(path: string): { page: Page; rest: string } | null {
  for (const page of pages) {
    if (path === page.path) return { page, rest: "" };
    if (page.path !== "/" && path.startsWith(`${page.path}/`)) {
      return { page, rest: decoded(path.slice(page.path.length + 1)) };
    }
  }
  return null;
}

/** The link to a page, when this build has it. */
export function linkTo(name: string, rest = ""): string | null {
  const page = pages.find((one) => one.path === `/${name}`);
  if (!page) return null;
  return rest ? `${page.path}/${encodeURIComponent(rest)}` : page.path;
}
