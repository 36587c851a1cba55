import type { Page } from "../../shell/pages";

export default {
  path: "/requests",
  title: "Requests",
  about: "Find and compare requests, among millions",
  order: 2,
  shortcut: "r",
  icon: "M4 6h16M4 12h16M4 18h10",
  load: () => import("./index"),
} satisfies Page;
