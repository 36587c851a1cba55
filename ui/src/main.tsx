// The console: the frame stands in index.html, the page that the URL names follows in its own chunk.
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import { render } from "preact";
import { startLive } from "./data/live";
import { App } from "./shell/app";
import { pageAt } from "./shell/pages";
import { painted } from "./shell/painted";
import { startRouter } from "./shell/router";
import { startTheme } from "./shell/theme";

const LONGEST_WAIT_MS = 1000;

// What the page needs is on its way while the frame is drawn.
const first = pageAt(location.pathname);
const asked = first?.page.begin?.(first.rest);
first?.page.load().catch(() => undefined); // the frame says so
if (asked) {
  // The stream begins with its whole history, which is not to be taken in before what was asked for is seen.
  const tooLong = new Promise((done) => setTimeout(done, LONGEST_WAIT_MS));
  void Promise.race([asked, tooLong]).then(painted).then(startLive);
} else void startLive();
startTheme();
startRouter();
render(<App />, document.getElementById("app")!);
