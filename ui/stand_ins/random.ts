// In place of `random`, of which cosmos.gl needs numbers that are the same for the same seed (mulberry32).
export class Random {
  private state: number;

  constructor(seed: number | string = 1) {
    this.state = typeof seed === "number" ? seed >>> 0 : hash(seed);
  }

  clone(seed: number | string = this.state): Random {
    return new Random(seed);
  }

  float(low = 0, high = 1): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return low + (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  }
}

function hash(text: string): number {
  let value = 2166136261;
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0)!, 16777619) >>> 0;
  return value;
}
