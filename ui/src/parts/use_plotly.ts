// Plotly for a component: null until its code is there.
import { useEffect, useState } from "preact/hooks";
import { loadPlotly, type Plotly } from "./plotly";

export function usePlotly(): { plotly: Plotly | null; failed: boolean } {
  const [plotly, setPlotly] = useState<Plotly | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    loadPlotly().then(
      (module) => setPlotly(() => module),
      () => setFailed(true),
    );
  }, []);
  return { plotly, failed };
}
