import type { Page } from "../../shell/pages";

export default {
  path: "/graph",
  title: "Graph",
  about: "Who slows whom, who calls whom, what belongs together",
  order: 4,
  shortcut: "g",
  icon: "M6 6m-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M18 8m-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M10 18m-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M7.6 7.2L9.4 16M8 6.4l8 1.2M16.6 9.6L11.4 16.4",
  load: () => import("./index"),
} satisfies Page;
