import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// LLAMATELEMETRY_CONSOLE: the running console that `npm run dev` asks for data.
const target = process.env.LLAMATELEMETRY_CONSOLE ?? "http://127.0.0.1:8081";

export default defineConfig({
  base: "/",
  resolve: {
    alias: {
      "@schema": fileURLToPath(new URL("generated/schema.ts", import.meta.url)),
      // What its package.json names as main has no default export, which cosmos.gl imports.
      "gl-bench": fileURLToPath(new URL("node_modules/gl-bench/dist/gl-bench.module.js", import.meta.url)),
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6000,
  },
  server: {
    proxy: {
      "/api": { target, changeOrigin: true, headers: { origin: target } },
      "/healthz": target,
      "/metrics": target,
    },
  },
});
