// The heat map by keyboard: a cursor of cells, moved by arrows, extended with Shift, applied with Enter.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Heatmap } from "./data";
import type { Cells } from "./heatmap_draw";

interface Place {
  x: number;
  y: number;
}

interface Cursor {
  anchor: Place; // where the selection began
  at: Place;
}

const MOVES: Record<string, (at: Place, map: Heatmap) => Place> = {
  ArrowLeft: ({ x, y }) => ({ x: x - 1, y }),
  ArrowRight: ({ x, y }) => ({ x: x + 1, y }),
  ArrowUp: ({ x, y }) => ({ x, y: y + 1 }),
  ArrowDown: ({ x, y }) => ({ x, y: y - 1 }),
  Home: ({ y }) => ({ x: 0, y }),
  End: ({ y }, map) => ({ x: map.x - 1, y }),
  PageUp: ({ x }, map) => ({ x, y: map.y - 1 }),
  PageDown: ({ x }) => ({ x, y: 0 }),
};

function inside({ x, y }: Place, map: Heatmap): Place {
  return { x: Math.min(Math.max(x, 0), map.x - 1), y: Math.min(Math.max(y, 0), map.y - 1) };
}

/** Where to begin: the fullest cell, the newest of them. */
function fullest(map: Heatmap): Place {
  let best = { x: 0, y: 0, requests: 0 };
  for (const [x, y, requests] of map.cells) if (requests >= best.requests) best = { x, y, requests };
  return { x: best.x, y: best.y };
}

function cellsOf({ anchor, at }: Cursor): Cells {
  return {
    left: Math.min(anchor.x, at.x),
    right: Math.max(anchor.x, at.x),
    low: Math.min(anchor.y, at.y),
    high: Math.max(anchor.y, at.y),
  };
}

export function useCellCursor(map: Heatmap, select: (cells: Cells) => void) {
  const [cursor, show] = useState<Cursor | null>(null);
  const latest = useRef<Cursor | null>(null); // for keys that come faster than the page is drawn
  const set = (next: Cursor | null) => {
    latest.current = next;
    show(next);
  };
  const leave = () => set(null);
  useEffect(leave, [map]); // other cells
  const move = (key: string, extend: boolean) => {
    const now = latest.current;
    const at = now ? inside(MOVES[key]!(now.at, map), map) : fullest(map);
    set({ anchor: now && extend ? now.anchor : at, at });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || map.known === 0) return;
    const now = latest.current;
    if (event.key in MOVES) move(event.key, event.shiftKey);
    else if (event.key === "Enter" && now) select(cellsOf(now));
    else if (event.key === "Escape" && now) leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { cells: cursor && cellsOf(cursor), onKeyDown, leave };
}
