/** One send a frame. */

type Send = (name: string, data: object) => void;

/**
 * Sends commands at most once a frame each, in order, and the last value always. What comes after a quiet frame goes at once: browsers
 * tell of movements just before they draw, so a dragged slider doesn't wait at all.
 */
export class FrameSender {
  #frame = 0;
  readonly #held = new Map<string, object>();

  constructor(readonly send: Send) {}

  /** Send `data`, unless a later one of the same frame takes its place. */
  soon(name: string, data: object): void {
    this.#held.set(name, data);
    // Hidden pages have no frames.
    if (!this.#frame || document.hidden) this.flush();
  }

  /** Send it, and before it whatever is held. */
  now(name: string, data: object): void {
    this.#held.delete(name);
    this.flush();
    this.send(name, data);
  }

  /** Send what is held. */
  readonly flush = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#held.size) return;
    const held = [...this.#held];
    this.#held.clear();
    this.#frame = requestAnimationFrame(this.flush);
    for (const [name, data] of held) this.send(name, data);
  };
}
