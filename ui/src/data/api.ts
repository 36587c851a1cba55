// Requests to the console, with the key when one is needed. The key stays in this tab.

const KEY = "llamatelemetry.key";

export class NeedsKey extends Error {}

export function storeKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

export async function ask(
  path: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const key = sessionStorage.getItem(KEY);
  if (key) headers["Authorization"] = `Bearer ${key}`;
  const response = await fetch(path, { headers, cache: "no-store", ...(signal ? { signal } : {}) });
  if (response.status === 401) throw new NeedsKey();
  return response;
}

export async function askJson<T>(path: string): Promise<T> {
  const response = await ask(path, { Accept: "application/json" });
  const document = (await response.json()) as T & { error?: { message: string } };
  if (!response.ok) throw new Error(document.error?.message ?? `the console answered ${response.status}`);
  return document;
}
