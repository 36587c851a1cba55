// Requests to the console, with the key when one is needed. The key stays in this tab.

const KEY = "llamatelemetry.key";

declare global {
  interface Window {
    llamatelemetryAhead?: Map<string, Promise<Response>>;
  }
}

export class NeedsKey extends Error {}

/** What the console answered, with what can be done about it. */
export class ConsoleError extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

export function storeKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

function send(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = sessionStorage.getItem(KEY);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  return fetch(path, { ...init, headers, cache: "no-store" });
}

const AS_JSON: RequestInit = { headers: { Accept: "application/json" } };

/** Asks before the console's code runs; whoever asks for the same path first gets the answer. */
export function askAhead(path: string): void {
  const answer = send(path, AS_JSON);
  answer.catch(() => undefined); // whoever takes it is told
  (window.llamatelemetryAhead ??= new Map()).set(path, answer);
}

function takeAhead(path: string): Promise<Response> | undefined {
  const answer = window.llamatelemetryAhead?.get(path);
  window.llamatelemetryAhead?.delete(path);
  return answer;
}

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await (takeAhead(path) ?? send(path, init));
  if (response.status === 401) throw new NeedsKey("a key is needed");
  return response;
}

interface ErrorDocument {
  error?: { message: string; hint: string };
}

/** The console's own words for why an answer is none. */
async function failure(response: Response): Promise<ConsoleError> {
  const document = (await response.json().catch(() => ({}))) as ErrorDocument;
  return new ConsoleError(
    document.error?.message ?? `the console answered ${response.status}`,
    document.error?.hint ?? "",
  );
}

export async function askJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, {
    ...AS_JSON,
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw await failure(response);
  return (await response.json()) as T;
}

export interface QueryOptions {
  format: "json" | "csv" | "parquet" | "arrow";
  maxRows?: number;
  signal?: AbortSignal;
}

/** Runs SQL that only reads. The connection is the query: aborting ends both. */
export async function runQuery(sql: string, options: QueryOptions): Promise<Response> {
  const body = JSON.stringify({
    sql,
    format: options.format,
    ...(options.maxRows ? { max_rows: options.maxRows } : {}),
  });
  const response = await ask("/api/v1/query", {
    method: "POST",
    body,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!response.ok) throw await failure(response);
  return response;
}
