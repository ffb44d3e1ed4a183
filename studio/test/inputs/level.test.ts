import { expect, it } from "vitest";
import { levelOf } from "../../src/inputs/Level";

const tone = (amplitude: number): Float32Array =>
  Float32Array.from({ length: 480 }, (_, index) => amplitude * Math.sin((2 * Math.PI * index) / 48));

it("is nothing for silence and all for the loudest there is", () => {
  expect(levelOf(new Float32Array(480))).toBe(0);
  expect(levelOf(new Float32Array(480).fill(1))).toBe(1);
});

it("goes in even steps of decibels", () => {
  const [loud, middle, quiet] = [0.5, 0.05, 0.005].map((amplitude) => levelOf(tone(amplitude)));
  expect((loud ?? 0) - (middle ?? 0)).toBeCloseTo(20 / 60);
  expect((middle ?? 0) - (quiet ?? 0)).toBeCloseTo(20 / 60);
});
