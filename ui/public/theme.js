// Before the first paint, so that a dark page never flashes: the theme as src/shell/theme.ts has stored it.
{
  const chosen = localStorage.getItem("llamatelemetry.theme");
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}
