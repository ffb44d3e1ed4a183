import { useEffect, useState, type RefObject } from "react";

const INTERVAL_MS = 1_000;

type FrameTimes = Pick<VideoFrameCallbackMetadata, "receiveTime" | "presentationTime" | "expectedDisplayTime">;

/** Turns what the browser says of each frame into the figure of an interval. */
export class DisplayMeter {
  #totalMs = 0;
  #frames = 0;
  #delayMs: number | null = null;

  /**
   * A frame that came over a network; others have no time of arrival. Now and then a time of display is told that is
   * past already when the frame is drawn: it is the display's before, and says nothing of this one.
   */
  add({ receiveTime, presentationTime, expectedDisplayTime }: FrameTimes): void {
    if (receiveTime === undefined || expectedDisplayTime < presentationTime) return;
    this.#totalMs += expectedDisplayTime - receiveTime;
    this.#frames += 1;
  }

  /** Mean since the call before, in ms; of an interval without frames the last one known. */
  read(): number | null {
    if (this.#frames > 0) this.#delayMs = this.#totalMs / this.#frames;
    this.#totalMs = this.#frames = 0;
    return this.#delayMs;
  }
}

/** How long a frame takes from its arrival to the display, in ms, once a second; null where the browser doesn't tell. */
export function useDisplayDelay(video: RefObject<HTMLVideoElement | null>): number | null {
  const [delayMs, setDelayMs] = useState<number | null>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || !("requestVideoFrameCallback" in element)) return;
    const meter = new DisplayMeter();
    let request = element.requestVideoFrameCallback(function look(_, metadata) {
      meter.add(metadata);
      request = element.requestVideoFrameCallback(look);
    });
    const timer = setInterval(() => setDelayMs(meter.read()), INTERVAL_MS);
    return () => {
      clearInterval(timer);
      element.cancelVideoFrameCallback(request);
    };
  }, [video]);
  return delayMs;
}
