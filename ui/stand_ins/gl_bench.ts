// In place of gl-bench, cosmos.gl's display of frames per second. It is off, so none is ever made.
export default class Bench {
  constructor() {
    throw new Error("the display of frames per second is left out of this build");
  }
}
