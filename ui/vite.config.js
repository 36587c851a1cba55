import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { mendCosmos } from "./scripts/mend_cosmos.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// LLAMATELEMETRY_CONSOLE: the running console that `npm run dev` asks for data.
const target = process.env.LLAMATELEMETRY_CONSOLE ?? "http://127.0.0.1:8081";

export default defineConfig({
  base: "/",
  plugins: [mendCosmos()],
  resolve: {
    alias: {
      "@schema": here("generated/schema.ts"),
      // What cosmos.gl brings along and this page never uses.
      dompurify: here("stand_ins/dompurify.ts"),
      "gl-bench": here("stand_ins/gl_bench.ts"),
      random: here("stand_ins/random.ts"),
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true, // for scripts/ahead.mjs
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      output: {
        // What almost every page needs, in one file: a browser asks one host for six at a time.
        codeSplitting: {
          groups: [
            {
              name: "common",
              test: /node_modules\/@?preact\/|\/src\/(data\/api|parts\/(format|phases|value)|shell\/(commands|notices|page_head|painted|router|theme))\./,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      "/api": { target, changeOrigin: true, headers: { origin: target } },
      "/healthz": target,
      "/metrics": target,
    },
  },
});
