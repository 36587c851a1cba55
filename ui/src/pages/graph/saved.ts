// Views that the reader keeps: their names and the URLs that show them, in this browser.
const STORED = "llamatelemetry.graph-views";

export interface SavedView {
  name: string;
  search: string;
}

export function savedViews(): SavedView[] {
  try {
    const list = JSON.parse(localStorage.getItem(STORED) ?? "[]") as SavedView[];
    return Array.isArray(list)
      ? list.filter((view) => typeof view?.name === "string" && typeof view.search === "string")
      : [];
  } catch {
    return [];
  }
}

/** Keeps a view; one of the same name goes. */
export function saveView(view: SavedView): SavedView[] {
  return store([...savedViews().filter((one) => one.name !== view.name), view]);
}

export function forgetView(name: string): SavedView[] {
  return store(savedViews().filter((view) => view.name !== name));
}

function store(list: SavedView[]): SavedView[] {
  localStorage.setItem(STORED, JSON.stringify(list));
  return list;
}
