import { expect, it } from "vitest";
import { sampleOf } from "../../src/figures/history";
import { pathOf } from "../../src/figures/path";

it("draws from zero to the highest value, the newest at the right", () => {
  const { line, area } = pathOf([0, 30]);
  expect(line).toBe("M116.9 26L120 2");
  expect(area).toBe("M116.9 26L120 2V28H116.9Z");
});

it("leaves gaps where nothing is known", () => {
  const { line } = pathOf([10, 10, null, 10, 10]);
  expect(line.match(/M/g)).toHaveLength(2);
});

it("draws nothing of nothing, and a level line of zeros", () => {
  expect(pathOf([])).toEqual({ line: "", area: "" });
  expect(pathOf([null, 5])).toEqual({ line: "", area: "" });
  expect(pathOf([0, 0]).line).toBe("M116.9 26L120 26");
});

it("takes no figures of a picture that isn't there", () => {
  expect(sampleOf({ playback: null, runtime: null }, null)).toEqual({ fps: null, latencyMs: null, bitrate: null });
});
