// Lists and the heat map, asked anew whenever the URL says something else.
import { useEffect, useRef, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import type { RequestSummary } from "../../data/types";

export type Row = Pick<RequestSummary, "request_id" | "trace_id" | "start_unix_ns"> & Record<string, unknown>;

export interface Page {
  requests: Row[];
  next: string | null;
  sql: string;
}

export interface Heatmap {
  count: number;
  errors: number;
  known: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  cells: [x: number, y: number, count: number, errors: number][];
  dots: [startNs: number, value: number, failed: boolean, requestId: string][] | null;
  x: number;
  y: number;
  from_unix_ns: number;
  bin_ns: number;
  low_log10_ns: number;
  bin_log10: number;
}

export interface Asked<T> {
  value: T | null; // what was known last, also while something new is on its way
  error: string;
  loading: boolean;
}

/** The answer for `path`, asked anew when `turn` changes; an answer for what is no longer asked for is thrown away. */
export function useAnswer<T>(path: string, turn: number): Asked<T> {
  const [state, setState] = useState<Asked<T>>({ value: null, error: "", loading: true });
  useEffect(() => {
    let wanted = true;
    setState((old) => ({ ...old, loading: true }));
    askJson<T>(path).then(
      (value) => wanted && setState({ value, error: "", loading: false }),
      (error: Error) =>
        wanted && setState((old) => ({ value: old.value, error: error.message, loading: false })),
    );
    return () => {
      wanted = false;
    };
  }, [path, turn]);
  return state;
}

/** The pages of a list, one after the other. */
export function useList(path: string, turn: number) {
  const first = useAnswer<Page>(path, turn);
  const [more, setMore] = useState<{ of: Page | null; rows: Row[]; next: string | null }>({
    of: null,
    rows: [],
    next: null,
  });
  const [error, setError] = useState("");
  const busy = useRef(false);
  const current =
    more.of === first.value ? more : { of: first.value, rows: [], next: first.value?.next ?? null };
  const loadMore = async () => {
    if (!current.next || busy.current) return;
    busy.current = true;
    try {
      const page = await askJson<Page>(`${path}&after=${encodeURIComponent(current.next)}`);
      setMore({ of: first.value, rows: [...current.rows, ...page.requests], next: page.next });
      setError("");
    } catch (problem) {
      setError((problem as Error).message);
    } finally {
      busy.current = false;
    }
  };
  return {
    rows: [...(first.value?.requests ?? []), ...current.rows],
    sql: first.value?.sql ?? "",
    next: current.next,
    error: first.error || error,
    loading: first.loading,
    known: first.value !== null,
    loadMore,
  };
}
