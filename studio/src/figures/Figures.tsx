import type { ReactorStats } from "@reactor-local/js-sdk";
import type { ReactElement, RefObject } from "react";
import { bitrateText } from "../session/format";
import { useDisplayDelay } from "./displayDelay";
import { useHistory, type Sample } from "./history";
import { latencyOf } from "./latency";
import { Sparkline } from "./Sparkline";

const NONE = "–";

interface FiguresProps {
  stats: ReactorStats | null;
  /** Where the model's picture is shown. */
  video: RefObject<HTMLVideoElement | null>;
}

/** What is measured, once a second; the three that matter most with a plot. */
export function Figures({ stats, video }: FiguresProps): ReactElement {
  const displayDelayMs = useDisplayDelay(video);
  const latency = stats && latencyOf(stats, displayDelayMs);
  const samples = useHistory(stats, latency);
  const playback = stats?.playback ?? null;
  const runtime = stats?.runtime ?? null;
  const bitrate = playback && playback.bitrate > 0 ? bitrateText(playback.bitrate) : null;
  const plot = (name: keyof Sample): readonly (number | null)[] => samples.map((sample) => sample[name]);
  return (
    <section className="figures panel" aria-label="Figures">
      <dl>
        <Figure
          name="Shown"
          value={playback ? playback.fps.toFixed(0) : NONE}
          unit="fps"
          note={runtime ? `${runtime.fps.toFixed(0)} produced` : ""}
          plot={plot("fps")}
        />
        <Figure
          name="Latency"
          hint="Estimated: half the round trip, and what this browser takes from a frame's arrival. Encoding isn't in it."
          value={latency ? shortText(latency.ms) : NONE}
          unit="ms"
          note={latency ? (latency.isShown ? "to display" : "to decoder") : ""}
          plot={plot("latencyMs")}
        />
        <Figure
          name="Bitrate"
          value={bitrate?.value ?? NONE}
          unit={bitrate?.unit ?? "Mbit/s"}
          note={playback?.codec.toUpperCase() ?? ""}
          plot={plot("bitrate")}
        />
        <Figure
          name="Picture"
          value={playback && playback.width > 0 ? `${playback.width} × ${playback.height}` : NONE}
          note={runtime ? `at ${runtime.targetFps.toFixed(0)} fps` : ""}
        />
        <Figure
          name="Lost"
          value={playback ? String(playback.packetsLost) : NONE}
          unit="packets"
          note={playback?.roundTripMs == null ? "" : `${wholeText(playback.roundTripMs)} ms round trip`}
        />
        <Figure
          name="Freezes"
          value={playback ? String(playback.freezes) : NONE}
          note={runtime ? `${runtime.dropped} frames dropped` : ""}
        />
      </dl>
    </section>
  );
}

/** Milliseconds: a decimal of what has one digit before it. */
function shortText(ms: number): string {
  return ms.toFixed(ms < 9.95 ? 1 : 0);
}

/** Milliseconds, of a clock that tells whole ones. */
function wholeText(ms: number): string {
  return ms < 1 ? "<1" : ms.toFixed(0);
}

interface FigureProps {
  name: string;
  value: string;
  unit?: string;
  note?: string;
  hint?: string;
  plot?: readonly (number | null)[];
}

function Figure({ name, value, unit = "", note = "", hint, plot }: FigureProps): ReactElement {
  return (
    <div className={plot ? "figure figure-plotted" : "figure"} title={hint}>
      <dt>
        {name} {unit && <span className="unit">{unit}</span>}
      </dt>
      <dd>
        <span className={value === NONE ? "value value-none" : "value"}>{value}</span>
        <span className="note">{note}</span>
        {plot && <Sparkline values={plot} />}
      </dd>
    </div>
  );
}
