// Where the lanes of a timeline are: tracks below each other, each with a head and its lanes.
import type { Trace } from "./types";

export const LANE = 19; // css pixels
export const BAR = 16;
export const HEAD = 22; // of a track
export const AXIS = 24;

export class Lanes {
  constructor(private readonly trace: Trace) {}

  /** Where a lane's top is, before scrolling. */
  top(lane: number): number {
    let tracks = 0;
    for (const track of this.trace.tracks) if (track.first_lane <= lane) tracks += 1;
    return AXIS + tracks * HEAD + lane * LANE;
  }

  contentHeight(): number {
    return this.top(Math.max(this.trace.lanes - 1, 0)) + LANE + 8;
  }

  /** The lane at a height of the content; -1 where there is none. */
  at(inside: number): number {
    for (let i = this.trace.tracks.length - 1; i >= 0; --i) {
      const track = this.trace.tracks[i]!;
      const top = this.top(track.first_lane);
      if (inside >= top - HEAD) {
        const lane = track.first_lane + Math.floor((inside - top) / LANE);
        return inside < top || lane >= track.first_lane + track.lanes ? -1 : lane;
      }
    }
    return -1;
  }

  inView(scroll: number, height: number): { first: number; count: number } {
    const above = scroll + AXIS;
    let first = 0;
    for (const track of this.trace.tracks) {
      const top = this.top(track.first_lane);
      first = track.first_lane + Math.max(0, Math.floor((above - top) / LANE));
      if (first < track.first_lane + track.lanes) break;
    }
    first = Math.min(first, Math.max(this.trace.lanes - 1, 0));
    return { first, count: Math.min(this.trace.lanes - first, Math.ceil(height / LANE) + 1) };
  }
}
