// What moves a timeline: wheel, drag, touch and keys.
import type { Timeline } from "./timeline";

const KEY_ZOOM = 1.35;
const KEY_PAN = 0.15;

/** Until the canvas is gone. */
export function takeInput(canvas: HTMLCanvasElement, timeline: Timeline): void {
  new Input(canvas, timeline).listen();
}

class Input {
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private dragged = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly timeline: Timeline,
  ) {}

  listen(): void {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.pointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.pointerMove(event));
    for (const name of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(name, (event) => this.pointerUp(event));
    canvas.addEventListener("pointerleave", () => this.timeline.hover(null, 0));
    canvas.addEventListener("dblclick", () => this.timeline.zoomToSelection());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.timeline.pan((event.deltaX || event.deltaY) / this.timeline.size.width);
    } else if (event.altKey) {
      this.timeline.scrollBy(event.deltaY);
    } else {
      this.timeline.zoom(Math.exp(-event.deltaY * 0.0016), event.offsetX / this.timeline.size.width);
    }
  }

  private pointerDown(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.dragged = false;
  }

  private pointerMove(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.timeline.hover(event.offsetX, event.offsetY);
    const dx = event.offsetX - before.x;
    const dy = event.offsetY - before.y;
    if (!this.dragged && Math.hypot(dx, dy) < 4) return;
    this.dragged = true;
    if (this.pointers.size === 2) this.pinch(event);
    else {
      this.timeline.pan(-dx / this.timeline.size.width);
      this.timeline.scrollBy(-dy);
    }
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  }

  private pinch(event: PointerEvent): void {
    const own = this.pointers.get(event.pointerId)!;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)![1];
    const before = Math.abs(own.x - other.x);
    const now = Math.abs(event.offsetX - other.x);
    if (before > 10 && now > 10)
      this.timeline.zoom(now / before, (event.offsetX + other.x) / 2 / this.timeline.size.width);
  }

  private pointerUp(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (!this.dragged && event.type === "pointerup") this.timeline.chooseAt(event.offsetX, event.offsetY);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions: Record<string, () => void> = {
      w: () => this.timeline.zoom(KEY_ZOOM),
      s: () => this.timeline.zoom(1 / KEY_ZOOM),
      a: () => this.timeline.pan(-KEY_PAN),
      d: () => this.timeline.pan(KEY_PAN),
      f: () => this.timeline.zoomToSelection(),
      Enter: () => this.timeline.zoomToSelection(),
      "0": () => this.timeline.showAll(),
      ArrowRight: () => this.timeline.step(1),
      ArrowLeft: () => this.timeline.step(-1),
      ArrowDown: () => this.timeline.stepLane(1),
      ArrowUp: () => this.timeline.stepLane(-1),
      PageDown: () => this.timeline.scrollBy(this.timeline.size.height * 0.8),
      PageUp: () => this.timeline.scrollBy(-this.timeline.size.height * 0.8),
      Escape: () => this.timeline.clearSelection(),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
