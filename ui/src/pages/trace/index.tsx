// The trace page: without an id the traces that are worth a look, with one its timeline.
import "./trace.css";
import type { PageProps } from "../../shell/pages";
import { Landing } from "./landing";
import { TraceView } from "./view";

export default function TracePage({ rest }: PageProps) {
  return rest ? <TraceView id={rest} key={rest} /> : <Landing />;
}
