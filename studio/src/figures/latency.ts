import type { ReactorStats } from "@reactor-local/js-sdk";

/** From the server's sending of a frame. */
export interface Latency {
  ms: number;
  /** To the display; else, where the browser doesn't say when it shows a frame, to the decoded picture. */
  isShown: boolean;
}

/**
 * Estimated from what the browser measures: half the round trip, and its own time with a frame.
 *
 * @param displayDelayMs from a frame's arrival to the display; null: not known.
 */
export function latencyOf({ playback }: ReactorStats, displayDelayMs: number | null): Latency | null {
  if (playback?.roundTripMs == null || playback.latencyMs === null) return null;
  if (displayDelayMs === null) return { ms: playback.latencyMs, isShown: false };
  return { ms: playback.roundTripMs / 2 + displayDelayMs, isShown: true };
}
