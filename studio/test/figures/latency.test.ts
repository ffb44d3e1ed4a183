import type { PlaybackStats } from "@reactor-local/js-sdk";
import { expect, it } from "vitest";
import { DisplayMeter } from "../../src/figures/displayDelay";
import { latencyOf } from "../../src/figures/latency";

const PLAYBACK: PlaybackStats = {
  fps: 30,
  width: 832,
  height: 480,
  codec: "vp9",
  bitrate: 1_000_000,
  packetsLost: 0,
  freezes: 0,
  bufferMs: 1,
  decodeMs: 2,
  roundTripMs: 4,
  latencyMs: 5,
};

it("counts to the display where the browser says when it shows a frame, else to the decoder", () => {
  const stats = { playback: PLAYBACK, runtime: null };
  expect(latencyOf(stats, 12)).toEqual({ ms: 14, isShown: true });
  expect(latencyOf(stats, null)).toEqual({ ms: 5, isShown: false });
});

it("has none before the round trip is known", () => {
  const stats = { playback: { ...PLAYBACK, roundTripMs: null, latencyMs: null }, runtime: null };
  expect(latencyOf(stats, 12)).toBeNull();
  expect(latencyOf({ playback: null, runtime: null }, 12)).toBeNull();
});

it("takes the mean over the frames of an interval, and keeps it while none comes", () => {
  const meter = new DisplayMeter();
  meter.add({ receiveTime: 100, presentationTime: 104, expectedDisplayTime: 110 });
  meter.add({ receiveTime: 200, presentationTime: 204, expectedDisplayTime: 230 });
  expect(meter.read()).toBe(20);
  expect(meter.read()).toBe(20);
});

it("knows nothing of frames that came over no network, or whose display is told to be past", () => {
  const meter = new DisplayMeter();
  meter.add({ presentationTime: 104, expectedDisplayTime: 110 });
  meter.add({ receiveTime: 100, presentationTime: 104, expectedDisplayTime: 96 });
  expect(meter.read()).toBeNull();
});
