// Writes NAME.gz beside each file of dist/ that compression makes smaller by a tenth or more.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (!entry.isFile() || file.endsWith(".gz")) continue;
  const bytes = readFileSync(file);
  const packed = gzipSync(bytes, { level: 9 });
  if (packed.length < 0.9 * bytes.length) writeFileSync(`${file}.gz`, packed);
}
