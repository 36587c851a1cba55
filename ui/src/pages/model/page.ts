import type { Page } from "../../shell/pages";

export default {
  path: "/model",
  title: "Model",
  about: "What the model file holds, where its bytes are, and where it would fit",
  order: 5,
  shortcut: "m",
  icon: "M12 3l9 5-9 5-9-5zM3 13l9 5 9-5",
  load: () => import("./index"),
} satisfies Page;
