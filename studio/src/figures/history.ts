import type { ReactorStats } from "@reactor-local/js-sdk";
import { useState } from "react";
import type { Latency } from "./latency";

/** One second of the session. `null`: not known. */
export interface Sample {
  fps: number | null;
  latencyMs: number | null;
  bitrate: number | null;
}

/** How much is plotted: seconds. */
export const MOST_SAMPLES = 40;

/** The last figures; begins anew when they stop. */
export function useHistory(stats: ReactorStats | null, latency: Latency | null): readonly Sample[] {
  const [last, setLast] = useState<ReactorStats | null>(null);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  if (stats !== last) {
    setLast(stats);
    setSamples(stats ? [...samples, sampleOf(stats, latency)].slice(-MOST_SAMPLES) : []);
  }
  return samples;
}

export function sampleOf({ playback }: ReactorStats, latency: Latency | null): Sample {
  return {
    fps: playback?.fps ?? null,
    latencyMs: latency?.ms ?? null,
    bitrate: playback && playback.bitrate > 0 ? playback.bitrate : null,
  };
}
