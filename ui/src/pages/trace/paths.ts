// What a trace is opened with.

/** At most so many lanes are asked for at once. */
export const FETCH_LANES = 160;

export function openingPaths(id: string, sketch: 0 | 1): { trace: string; rows: string } {
  const path = `/api/v1/traces/${encodeURIComponent(id)}`;
  return {
    trace: `${path}?sketch=${sketch}`,
    rows: `${path}/rows?sketch=${sketch}&pixels=${innerWidth}&lanes=${FETCH_LANES}`,
  };
}
