import type { Page } from "../../shell/pages";
import { askEarly } from "./early";

export default {
  path: "/trace",
  title: "Trace",
  about: "Where one request's time went, step by step, and who else was there",
  order: 3,
  shortcut: "t",
  icon: "M3 5h8M7 10h10M11 15h6M14 20h7",
  begin(id) {
    return id ? askEarly(id) : undefined;
  },
  load: () => import("./index"),
} satisfies Page;
