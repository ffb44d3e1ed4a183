/** What the browser measures of the picture it receives. */
export interface PlaybackStats {
  /** Frames a second shown. */
  fps: number;
  width: number;
  height: number;
  /** "vp9", "h264", … */
  codec: string;
  /** Bits a second received. */
  bitrate: number;
  packetsLost: number;
  freezes: number;
  /** Mean time a frame waited in the jitter buffer over the last interval, in ms. */
  bufferMs: number;
  /** Mean time it took to decode a frame over the last interval, in ms. */
  decodeMs: number;
  /** Round trip to LiveKit, in ms. */
  roundTripMs: number | null;
  /** From the runtime's sending to the decoded picture, in ms, estimated: half the round trip, the buffer, the decoder. */
  latencyMs: number | null;
}

interface Inbound {
  timestamp: number;
  bytesReceived?: number;
  framesPerSecond?: number;
  framesDecoded?: number;
  frameWidth?: number;
  frameHeight?: number;
  codecId?: string;
  packetsLost?: number;
  freezeCount?: number;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  totalDecodeTime?: number;
}

/** Turns the receiver's growing counters into figures of the last interval. */
export class PlaybackMeter {
  #last: Inbound | null = null;

  /** Figures since the call before; null without a picture. */
  read(report: ReadonlyMap<string, unknown>): PlaybackStats | null {
    const entries = [...report.values()] as ({ type: string } & Record<string, unknown>)[];
    const now = entries.find((entry) => entry.type === "inbound-rtp" && entry.kind === "video") as Inbound | undefined;
    if (!now) return null;
    const past = this.#last;
    this.#last = now;
    const since = (name: keyof Inbound): number => Number(now[name] ?? 0) - Number(past?.[name] ?? 0);
    const seconds = past ? since("timestamp") / 1000 : 0;
    const codec = now.codecId ? (report.get(now.codecId) as { mimeType?: string } | undefined) : undefined;
    const pair = entries.find((entry) => entry.type === "candidate-pair" && entry.nominated === true);
    const roundTripMs = typeof pair?.currentRoundTripTime === "number" ? pair.currentRoundTripTime * 1000 : null;
    const bufferMs = mean(since("jitterBufferDelay"), since("jitterBufferEmittedCount"));
    const decodeMs = mean(since("totalDecodeTime"), since("framesDecoded"));
    return {
      fps: now.framesPerSecond ?? 0,
      width: now.frameWidth ?? 0,
      height: now.frameHeight ?? 0,
      codec: codec?.mimeType?.split("/")[1]?.toLowerCase() ?? "",
      bitrate: seconds > 0 ? (since("bytesReceived") * 8) / seconds : 0,
      packetsLost: now.packetsLost ?? 0,
      freezes: now.freezeCount ?? 0,
      bufferMs,
      decodeMs,
      roundTripMs,
      latencyMs: roundTripMs === null ? null : roundTripMs / 2 + bufferMs + decodeMs,
    };
  }
}

function mean(totalS: number, count: number): number {
  return count > 0 ? (totalS * 1000) / count : 0;
}
