import type { Page } from "../../shell/pages";

export default {
  path: "/",
  title: "Live",
  about: "What is happening now, second by second",
  order: 1,
  shortcut: "l",
  icon: "M3 12h4l3-8 4 16 3-8h4",
  load: () => import("./index"),
} satisfies Page;
