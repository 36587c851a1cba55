// The GPUs' curves: a series for each card.
import { Series } from "./series";
import type { Column, Row } from "./types";

const OTHER: Column = "memory_other_bytes"; // what nobody of ours holds: it is not sent, since it follows

function withOthers(row: Row, used: number, engine: number, analytics: number): Row {
  const [all, ours, more] = [row[used] ?? null, row[engine] ?? null, row[analytics] ?? null];
  const others = all === null || ours === null || more === null ? null : Math.max(0, all - ours - more);
  return [...row, others];
}

export class GpuSeries {
  private cards = new Map<number, Series>();

  clear(): void {
    this.cards.clear();
  }

  /** Rows of any cards, each card's ascending in time; a second that is here already is replaced. */
  merge(columns: Column[], rows: Row[]): void {
    const at = (name: Column) => columns.indexOf(name);
    const [used, engine, analytics] = [
      at("memory_used_bytes"),
      at("memory_engine_bytes"),
      at("memory_analytics_bytes"),
    ];
    const byCard = new Map<number, Row[]>();
    for (const row of rows) {
      const card = row[at("gpu")] ?? 0;
      const list = byCard.get(card) ?? [];
      list.push(withOthers(row, used, engine, analytics));
      byCard.set(card, list);
    }
    for (const [card, list] of byCard) {
      const series = this.cards.get(card) ?? new Series();
      series.setColumns([...columns, OTHER]);
      series.merge(list);
      this.cards.set(card, series);
    }
  }

  numbers(): number[] {
    return [...this.cards.keys()].sort((a, b) => a - b);
  }

  of(card: number): Series | undefined {
    return this.cards.get(card);
  }
}
