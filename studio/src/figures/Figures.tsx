import type { ReactorStats } from "@reactor-local/js-sdk";
import type { ReactElement } from "react";
import { bitrateText } from "../session/format";
import { useHistory, type Sample } from "./history";
import { Sparkline } from "./Sparkline";

const NONE = "–";

/** What is measured, once a second; the three that matter most with a plot. */
export function Figures({ stats }: { stats: ReactorStats | null }): ReactElement {
  const samples = useHistory(stats);
  const playback = stats?.playback ?? null;
  const runtime = stats?.runtime ?? null;
  const bitrate = playback && playback.bitrate > 0 ? bitrateText(playback.bitrate) : null;
  const latency = playback?.latencyMs ?? null;
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
          hint="Estimated, from the model's server to the decoded picture: half the round trip, the buffer, the decoder."
          value={latency === null ? NONE : latency.toFixed(latency < 9.95 ? 1 : 0)}
          unit="ms"
          note={playback ? `${playback.bufferMs.toFixed(0)} ms buffered` : ""}
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
          note={runtime ? `${runtime.dropped} dropped` : ""}
        />
        <Figure
          name="Freezes"
          value={playback ? String(playback.freezes) : NONE}
          note={playback?.roundTripMs == null ? "" : `${playback.roundTripMs.toFixed(0)} ms round trip`}
        />
      </dl>
    </section>
  );
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
