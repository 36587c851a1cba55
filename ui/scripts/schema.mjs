// Makes generated/schema.ts, the types of the store's rows, from schema/*.toml.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(`${here}generated`, { recursive: true });
const python = process.env.PYTHON ?? "python3";
execFileSync(python, ["-B", `${here}../schema/generate.py`, "--ts", `${here}generated/schema.ts`], {
  stdio: "inherit",
});
