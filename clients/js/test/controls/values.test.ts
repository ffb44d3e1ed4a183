import { describe, expect, it } from "vitest";
import { fieldOf } from "../../src/controls/field";
import { MISSING, shown, valueOf, type Problems } from "../../src/controls/values";

const CAMERA = {
  type: "object",
  properties: { yaw: { type: "number", default: 0 }, lens: { enum: ["wide", "tele"] } },
  required: ["lens"],
};

function read(schema: object, draft?: unknown, name = ""): { value: unknown; problems: object } {
  const problems: Problems = new Map();
  const value = valueOf(fieldOf({ ...schema }, { Camera: CAMERA }, name), draft, "p", problems);
  return { value, problems: Object.fromEntries([...problems].filter(([, problem]) => problem)) };
}

describe("the value to send", () => {
  it.each([
    ["a default", { type: "number", default: 7, minimum: 1 }, undefined, 7],
    ["no minimum in place of a default that is missing", { type: "number", minimum: 1 }, undefined, undefined],
    [
      "an optional that nobody touched",
      { anyOf: [{ type: "number" }, { type: "null" }], default: null },
      undefined,
      undefined,
    ],
    ["an optional with a default", { anyOf: [{ type: "number" }, { type: "null" }], default: 5 }, undefined, 5],
    ["an optional that was made none", { anyOf: [{ type: "number" }, { type: "null" }], default: 5 }, null, null],
    ["a number that was cleared", { type: "number", default: 7 }, NaN, undefined],
    ["a switch", { type: "boolean", default: true }, false, false],
    ["an empty text", { type: "string", default: "x" }, "", ""],
    ["JSON", { type: "object" }, '{"a": [1]}', { a: [1] }],
    ["a default that only JSON can say", { type: "object", default: { a: 1 } }, undefined, { a: 1 }],
    ["a list", { type: "array", items: { type: "integer" }, default: [1] }, [2, 3], [2, 3]],
    ["a list's default", { type: "array", items: { type: "integer" }, default: [1] }, undefined, [1]],
    ["an object", { $ref: "#/$defs/Camera", required: true }, { lens: "tele" }, { yaw: 0, lens: "tele" }],
    ["an object that nobody touched", { $ref: "#/$defs/Camera" }, undefined, undefined],
    ["a draft of another kind", { type: "number", default: 7 }, "seven", 7],
    ["a choice that is gone", { enum: ["a", "b"], default: "a" }, "c", "a"],
  ])("of %s", (_, schema, draft, expected) => {
    expect(read(schema, draft)).toEqual({ value: expected, problems: {} });
  });

  it("of an image is its base64, or the whole data URL where that is asked for", () => {
    const url = "data:image/png;base64,iVBORw0KGgo=";
    expect(read({ type: "string" }, url, "image").value).toBe("iVBORw0KGgo=");
    expect(read({ type: "string", description: "a data URL" }, url, "image").value).toBe(url);
  });
});

describe("what keeps a value from being sent", () => {
  it.each([
    [{ type: "number", required: true }, undefined, MISSING],
    [{ type: "number", required: true }, NaN, MISSING],
    [{ type: "array", items: { type: "integer" }, required: true }, undefined, MISSING],
    [{ type: "number", minimum: 1 }, 0.9, "It has to be at least 1."],
    [{ type: "number", maximum: 1 }, 1.1, "It has to be at most 1."],
    [{ type: "number", exclusiveMinimum: 0 }, 0, "It has to be more than 0."],
    [{ type: "number", exclusiveMaximum: 1 }, 1, "It has to be less than 1."],
    [{ type: "integer" }, 1.5, "It has to be a whole number."],
    [{ type: "number", multipleOf: 0.05 }, 0.12, "It has to be a multiple of 0.05."],
    [{ type: "string", minLength: 2 }, "a", "Its length has to be at least 2."],
    [{ type: "string", maxLength: 2 }, "abc", "Its length has to be at most 2."],
    [{ type: "string", pattern: "^a" }, "b", "It has to match ^a"],
    [{ type: "array", items: { type: "integer" }, minItems: 2 }, [1], "Its length has to be at least 2."],
    [{ type: "array", items: { type: "integer" }, maxItems: 1 }, [1, 2], "Its length has to be at most 1."],
    [{ type: "array", items: { type: "integer" }, uniqueItems: true }, [1, 1], "No entry may be there twice."],
    [{ type: "object" }, "{", "It has to be JSON."],
  ])("%o: %j", (schema, draft, problem) => {
    expect(read(schema, draft).problems).toEqual({ p: problem });
  });

  it.each([
    [{ type: "number", multipleOf: 0.05 }, 0.15],
    [{ type: "number", minimum: 0, maximum: 1 }, 1],
    [{ type: "string", maxLength: 1 }, "🌊"],
    [{ type: "string", pattern: "(?P<only>python)" }, "anything"],
    [{ type: "object" }, " "],
  ])("isn't %o: %j", (schema, draft) => {
    expect(read(schema, draft).problems).toEqual({});
  });

  it("is told where it is inside of objects and lists", () => {
    expect(read({ $ref: "#/$defs/Camera", required: true }, {}).problems).toEqual({ "p.lens": MISSING });
    const list = { type: "array", items: { type: "integer", maximum: 3 } };
    expect(read(list, [1, undefined, 9]).problems).toEqual({ "p.1": MISSING, "p.2": "It has to be at most 3." });
  });
});

it("shows a required tuple's empty places", () => {
  const tuple = { type: "array", prefixItems: [{ type: "integer" }, { type: "integer" }], minItems: 2, maxItems: 2 };
  expect(shown(fieldOf(tuple), undefined)).toEqual([undefined, undefined]);
});
