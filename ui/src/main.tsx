// The console: the shell is drawn at once, the page that the URL names follows in its own chunk.
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import { render } from "preact";
import { startLive } from "./data/live";
import { App } from "./shell/app";
import { startRouter } from "./shell/router";
import { startTheme } from "./shell/theme";

startTheme();
startRouter();
render(<App />, document.getElementById("app")!);
void startLive();
