import { expect, it } from "vitest";
import { asSentences } from "../../src/controls/labels";

it("lets what a command and its one parameter are for be read one after the other", () => {
  expect(asSentences("How much it shines", "0 is dull", undefined)).toBe("How much it shines. 0 is dull.");
  expect(asSentences("How fast?", "In pixels a second.")).toBe("How fast? In pixels a second.");
});

it("leaves one text as it was written", () => {
  expect(asSentences("How much it shines", "")).toBe("How much it shines");
});
