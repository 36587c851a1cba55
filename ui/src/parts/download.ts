// Files that the browser saves.

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return ""; // unknown is empty
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, with a header. */
export function csvText(header: string[], rows: unknown[][]): string {
  return [header, ...rows].map((row) => row.map(csvField).join(",")).join("\r\n") + "\r\n";
}

/** "ttft 2026-11-26 14.05.07.png": sorts by time and is a name everywhere. */
export function fileName(subject: string, ending: string): string {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  return `${subject} ${local.slice(0, 19).replace("T", " ").replaceAll(":", ".")}.${ending}`;
}

/** The bytes of a data URL in base64; the page's policy does not let fetch() read one. */
export function blobOf(dataUrl: string): Blob {
  const [head, body] = dataUrl.split(",", 2);
  const type = /^data:([^;]+)/.exec(head ?? "")?.[1] ?? "application/octet-stream";
  const bytes = Uint8Array.from(atob(body ?? ""), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type });
}
