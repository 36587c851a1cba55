import type { Page } from "../../shell/pages";

export default {
  path: "/sql",
  title: "SQL",
  about: "Ask the store anything",
  order: 6,
  shortcut: "s",
  icon: "M4 6c0-3 16-3 16 0v12c0 3-16 3-16 0zM4 6c0 3 16 3 16 0M4 12c0 3 16 3 16 0",
  load: () => import("./index"),
} satisfies Page;
