import { describe, expect, it } from "vitest";
import { PlaybackMeter } from "../../src/core/playback";

function report(seconds: number): Map<string, unknown> {
  return new Map<string, unknown>([
    ["codec", { type: "codec", mimeType: "video/VP9" }],
    ["pair", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.004 }],
    [
      "video",
      {
        type: "inbound-rtp",
        kind: "video",
        codecId: "codec",
        timestamp: 1000 * seconds,
        bytesReceived: 125_000 * seconds,
        framesPerSecond: 30,
        framesDecoded: 30 * seconds,
        frameWidth: 832,
        frameHeight: 480,
        packetsLost: 2,
        freezeCount: 1,
        jitterBufferDelay: 0.03 * seconds,
        jitterBufferEmittedCount: 30 * seconds,
        totalDecodeTime: 0.06 * seconds,
      },
    ],
  ]);
}

describe("PlaybackMeter", () => {
  it("gives the figures of the last interval", () => {
    const meter = new PlaybackMeter();
    meter.read(report(1));
    expect(meter.read(report(3))).toEqual({
      fps: 30,
      width: 832,
      height: 480,
      codec: "vp9",
      bitrate: 1_000_000,
      packetsLost: 2,
      freezes: 1,
      bufferMs: 1,
      decodeMs: 2,
      roundTripMs: 4,
      latencyMs: 5,
    });
  });

  it("has none without a picture", () => {
    expect(new PlaybackMeter().read(new Map())).toBeNull();
  });
});
