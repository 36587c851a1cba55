// Whether the reader has stopped the live data from moving what is shown.
import { signal } from "@preact/signals";

export const isPaused = signal(false);
