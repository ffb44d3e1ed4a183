import { expect, it } from "vitest";
import { bitrateText, bytesText, clockText, fileStem } from "../../src/session/format";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_234, "1.2 kB"],
  [999_700, "1.0 MB"],
  [123_456_789, "123 MB"],
  [4_200_000_000, "4.2 GB"],
])("writes %d bytes as %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

it.each([
  [7.9, "0:07"],
  [61, "1:01"],
  [3_765, "1:02:45"],
  [-3, "0:00"],
])("writes %d seconds as %s", (seconds, text) => expect(clockText(seconds)).toBe(text));

it("chooses the unit of a bitrate by its size", () => {
  expect(bitrateText(640_400)).toEqual({ value: "640", unit: "kbit/s" });
  expect(bitrateText(2_345_000)).toEqual({ value: "2.35", unit: "Mbit/s" });
  expect(bitrateText(12_340_000)).toEqual({ value: "12.3", unit: "Mbit/s" });
});

it("names files by model and time, without what a file's name can't have", () => {
  expect(fileStem("my model/2", new Date(2026, 0, 5, 9, 3, 7))).toBe("my-model-2-2026-01-05-090307");
  expect(fileStem("", new Date(2026, 0, 5, 9, 3, 7))).toBe("model-2026-01-05-090307");
});
