// Puts one script in the place of theme.js: the theme and src/ahead.ts, which knows each page's files from the manifest.
// Its name follows from its content, so that a browser which has it need not ask.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifest = JSON.parse(readFileSync(here("dist/.vite/manifest.json"), "utf8"));

/** The files of an entry and of all that it imports at once. */
function filesOf(key, files = new Set()) {
  const { file, css = [], imports = [] } = manifest[key];
  if (files.has(`/${file}`)) return files;
  for (const one of [file, ...css]) files.add(`/${one}`);
  for (const one of imports) filesOf(one, files);
  return files;
}

const always = filesOf("index.html");
const pages = {};
for (const key of Object.keys(manifest)) {
  const name = /^src\/pages\/(\w+)\/index\.tsx$/.exec(key)?.[1];
  if (name) pages[name] = [...filesOf(key)].filter((file) => !always.has(file));
}
const [{ output }] = await build({
  configFile: false,
  logLevel: "warn",
  publicDir: false,
  define: { PAGE_FILES: JSON.stringify(pages) },
  build: {
    write: false,
    target: "es2022",
    lib: { entry: here("src/ahead.ts"), formats: ["iife"], name: "ahead" },
  },
});
const script = readFileSync(here("dist/theme.js"), "utf8") + output[0].code;
const file = `assets/ahead-${createHash("sha256").update(script).digest("base64url").slice(0, 8)}.js`;
writeFileSync(here(`dist/${file}`), script);
const document = readFileSync(here("dist/index.html"), "utf8");
if (!document.includes("/theme.js"))
  throw new Error("index.html has no place for the script that runs first");
writeFileSync(here("dist/index.html"), document.replace("/theme.js", `/${file}`));
rmSync(here("dist/theme.js"));
rmSync(here("dist/.vite"), { recursive: true });
