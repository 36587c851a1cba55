// What colours and sizes mean, in words.
import { count } from "../parts/format";
import type { Legend as LegendData } from "./encode";

/** One colour, or stripes of several. */
function swatch(colours: string[]): string {
  const part = 100 / colours.length;
  const stripes = colours.map((colour, i) => `${colour} ${i * part}% ${(i + 1) * part}%`);
  return colours.length === 1 ? colours[0]! : `linear-gradient(90deg, ${stripes.join(", ")})`;
}

export function Legend({ legend, size }: { legend: LegendData; size: string }) {
  return (
    <section class="panel legend" aria-labelledby="legend-title">
      <h2 id="legend-title">Legend</h2>
      {legend.title && (
        <p class="note">
          Colour: {legend.title}
          {legend.meaning && `, ${legend.meaning}`}
        </p>
      )}
      {legend.range && (
        <div class="legend-ramp">
          <span style={{ background: `linear-gradient(90deg, ${legend.range.colours.join(", ")})` }} />
          <p>
            <span>{legend.range.from}</span>
            <span>{legend.range.to}</span>
          </p>
        </div>
      )}
      <ul class="legend-items">
        {legend.items.map((item) => (
          <li key={item.text}>
            <span class="swatch" style={{ background: swatch(item.colours) }} />
            <span class="legend-text">{item.text}</span>
            <span class="number">{count(item.count)}</span>
          </li>
        ))}
        {legend.unknown > 0 && (
          <li>
            <span class="swatch" style={{ background: "var(--unattributed)" }} />
            <span class="legend-text">not known</span>
            <span class="number">{count(legend.unknown)}</span>
          </li>
        )}
      </ul>
      {size && <p class="note">Size: {size}</p>}
    </section>
  );
}
