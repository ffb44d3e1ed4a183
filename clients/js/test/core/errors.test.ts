import { expect, it } from "vitest";
import { textOf } from "../../src/core/errors";

it("tells an error's words without the token that an address in them carries", () => {
  const cause = new Error('could not connect to ws://localhost:7880/rtc?access_token=secret&sdk=js ("refused")');
  expect(textOf(cause)).toBe('could not connect to ws://localhost:7880/rtc ("refused")');
});

it("leaves a question a question", () => {
  expect(textOf(new Error("no coordinator there: is it up?"))).toBe("no coordinator there: is it up?");
});

it("names an error that has no words", () => {
  expect(textOf(new DOMException("", "AbortError"))).toBe("AbortError");
  expect(textOf("gone")).toBe("gone");
});
