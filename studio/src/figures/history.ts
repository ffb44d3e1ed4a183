import type { ReactorStats } from "@reactor-local/js-sdk";
import { useState } from "react";

/** One second of the session. `null`: not known. */
export interface Sample {
  fps: number | null;
  latencyMs: number | null;
  bitrate: number | null;
}

/** How much is plotted: seconds. */
export const MOST_SAMPLES = 40;

/** The last figures; begins anew when they stop. */
export function useHistory(stats: ReactorStats | null): readonly Sample[] {
  const [last, setLast] = useState<ReactorStats | null>(null);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  if (stats !== last) {
    setLast(stats);
    setSamples(stats ? [...samples, sampleOf(stats)].slice(-MOST_SAMPLES) : []);
  }
  return samples;
}

export function sampleOf({ playback }: ReactorStats): Sample {
  return {
    fps: playback?.fps ?? null,
    latencyMs: playback?.latencyMs ?? null,
    bitrate: playback && playback.bitrate > 0 ? playback.bitrate : null,
  };
}
