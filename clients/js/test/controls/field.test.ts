import { describe, expect, it } from "vitest";
import { fieldOf, groupOf, type Field } from "../../src/controls/field";

const DEFS = {
  Colour: { enum: ["red", "blue"], title: "Colour", type: "string" },
  Camera: {
    description: "A pose.",
    properties: { yaw: { type: "number", default: 0 }, lens: { $ref: "#/$defs/Colour" } },
    required: ["lens"],
    type: "object",
  },
  Node: {
    properties: { name: { type: "string" }, children: { items: { $ref: "#/$defs/Node" }, type: "array", default: [] } },
    required: ["name"],
    type: "object",
  },
  Loop: { $ref: "#/$defs/Loop" },
  Twin: {
    properties: { left: { anyOf: [{ $ref: "#/$defs/Twin" }, { type: "null" }], default: null } },
    type: "object",
  },
};

describe("fieldOf", () => {
  it.each([
    ["a number", { type: "number" }, "number"],
    ["an integer", { type: "integer" }, "number"],
    ["int | float", { anyOf: [{ type: "integer" }, { type: "number" }] }, "number"],
    ["a boolean", { type: "boolean" }, "switch"],
    ["an enum", { enum: ["a", "b"], type: "string" }, "choice"],
    ["a Literal of one", { const: "only", type: "string" }, "choice"],
    ["an enum of a model", { $ref: "#/$defs/Colour" }, "choice"],
    ["a text", { type: "string" }, "text"],
    ["a date", { type: "string", format: "date-time" }, "text"],
    ["an image by its format", { type: "string", format: "image" }, "image"],
    ["an image by its media type", { type: "string", contentMediaType: "image/png" }, "image"],
    ["a list of numbers", { type: "array", items: { type: "integer" } }, "list"],
    ["a tuple", { type: "array", prefixItems: [{ type: "integer" }], minItems: 1, maxItems: 1 }, "list"],
    ["a model", { $ref: "#/$defs/Camera" }, "group"],
    ["allOf one", { allOf: [{ $ref: "#/$defs/Camera" }] }, "group"],
    ["a dictionary", { type: "object", additionalProperties: { type: "number" } }, "json"],
    ["a union", { anyOf: [{ type: "integer" }, { type: "string" }] }, "json"],
    ["models that exclude each other", { oneOf: [{ $ref: "#/$defs/Camera" }, { $ref: "#/$defs/Node" }] }, "json"],
    ["Any", {}, "json"],
    ["a list of anything", { type: "array", items: {} }, "json"],
    ["a reference to nowhere", { $ref: "#/$defs/Gone" }, "json"],
    ["a reference to itself", { $ref: "#/$defs/Loop" }, "json"],
    ["null alone", { type: "null" }, "json"],
  ])("makes of %s", (_, schema, kind) => {
    expect(fieldOf(schema, DEFS).kind).toBe(kind);
  });

  it.each(["base64_image", "image", "starting_img", "photo_b64", "imageBase64", "pictures"])(
    "knows %s for an image",
    (name) => {
      expect(fieldOf({ type: "string" }, {}, name).kind).toBe("image");
    },
  );

  it.each(["image_id", "image_url", "image_prompt", "imagination", "prompt"])(
    "doesn't take %s for an image",
    (name) => {
      expect(fieldOf({ type: "string" }, {}, name).kind).toBe("text");
    },
  );

  it.each([{ maxLength: 40 }, { default: "castle.png" }])("takes no short text for an image: %o", (says) => {
    expect(fieldOf({ type: "string", ...says }, {}, "image").kind).toBe("text");
  });

  it("asks for a data URL where the schema does", () => {
    expect(fieldOf({ type: "string", description: "As a data URL" }, {}, "image")).toMatchObject({ isUrl: true });
    expect(fieldOf({ type: "string" }, {}, "image")).toMatchObject({ isUrl: false });
  });

  it("keeps the default, and nothing where there is none", () => {
    expect(fieldOf({ type: "number", default: 7, minimum: 1 }).default).toBe(7);
    expect(fieldOf({ type: "number", minimum: 1, required: true })).toMatchObject({ required: true });
    expect(fieldOf({ type: "number", minimum: 1, required: true }).default).toBeUndefined();
  });

  it("keeps a model's own list of required fields beside the parameter's flag", () => {
    const field = fieldOf({ $ref: "#/$defs/Camera", required: true }, DEFS);
    expect(field).toMatchObject({ kind: "group", required: true, description: "A pose." });
    expect(field).toMatchObject({ fields: { yaw: { required: false }, lens: { required: true, kind: "choice" } } });
  });

  it("lets the parameter's own words win over its model's", () => {
    expect(fieldOf({ $ref: "#/$defs/Camera", description: "Why" }, DEFS).description).toBe("Why");
  });

  it("hands an object's default to its fields", () => {
    const field = fieldOf({ $ref: "#/$defs/Camera", default: { yaw: 3, lens: "red" } }, DEFS);
    expect(field).toMatchObject({ fields: { yaw: { default: 3 }, lens: { default: "red" } } });
  });

  it.each([
    ["a number", { type: "number", minimum: 0, maximum: 1 }, { kind: "number", range: { min: 0, max: 1 } }],
    ["a model", { $ref: "#/$defs/Camera" }, { kind: "group" }],
    ["a list", { type: "array", items: { type: "integer" } }, { kind: "list" }],
    ["a choice", { $ref: "#/$defs/Colour" }, { kind: "choice", options: [null, "red", "blue"] }],
    ["a boolean", { type: "boolean" }, { kind: "choice", options: [null, true, false] }],
    ["Any", {}, { kind: "json" }],
  ])("makes %s or null the same control with none", (_, schema, expected) => {
    const field = fieldOf({ anyOf: [schema, { type: "null" }], default: null }, DEFS);
    expect(field).toMatchObject({ ...expected, nullable: true, default: null });
  });

  it("keeps the types of options apart", () => {
    expect(fieldOf({ enum: [1, "1", true, null] })).toMatchObject({ options: [1, "1", true, null] });
  });

  it("chooses the only option by itself", () => {
    expect(fieldOf({ const: "cat", required: true }).default).toBe("cat");
  });

  it.each(["Node", "Twin"])("ends a model that contains itself, %s, in a JSON editor", (name) => {
    const field = fieldOf({ $ref: `#/$defs/${name}` }, DEFS);
    expect(JSON.stringify(field)).toContain('"kind":"json"');
    expect(depth(field)).toBeLessThan(16);
  });
});

function depth(field: Field): number {
  if (field.kind === "group") return 1 + Math.max(0, ...Object.values(field.fields).map(depth));
  return field.kind === "list" && field.rest ? 1 + depth(field.rest) : 1;
}

describe("a number's slider and step", () => {
  it.each([
    [{ type: "number", minimum: 0, maximum: 300 }, { min: 0, max: 300 }, 3],
    [{ type: "number", minimum: 0.1, maximum: 0.7 }, { min: 0.1, max: 0.7 }, 0.006],
    [{ type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }, { min: 0.01, max: 0.99 }, 0.01],
    [{ type: "number", minimum: 0, maximum: 1, multipleOf: 0.05 }, { min: 0, max: 1 }, 0.05],
    [{ type: "integer", minimum: 1, maximum: 50 }, { min: 1, max: 50 }, 1],
    [{ type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10 }, { min: 1, max: 9 }, 1],
    [{ type: "integer", minimum: 1, maximum: 22, multipleOf: 5 }, { min: 5, max: 20 }, 5],
    [{ type: "integer", minimum: 0 }, undefined, 1],
    [{ type: "number", maximum: 0 }, undefined, "any"],
    [{ type: "number", minimum: 2, maximum: 2 }, undefined, 0],
  ])("of %o", (schema, range, step) => {
    expect(fieldOf(schema)).toMatchObject({ step });
    expect((fieldOf(schema) as { range?: object }).range).toEqual(range);
  });
});

describe("a text", () => {
  it.each([
    ["name", {}, false],
    ["prompt", {}, true],
    ["text", { maxLength: 12 }, false],
    ["anything", { maxLength: 2000 }, true],
  ])("called %s with %o: several lines %s", (name, says, isLong) => {
    expect(fieldOf({ type: "string", ...says }, {}, name)).toMatchObject({ isLong });
  });
});

describe("keys", () => {
  const flags = (names: string): string[] =>
    groupOf(Object.fromEntries(names.split(" ").map((name) => [name, fieldOf({ type: "boolean" }, {}, name)]))).keys;

  it.each([
    "w a s d",
    "w a s d q e space",
    "up down left right",
    "arrow_left arrow_right",
    "key_w key_s",
    "w_pressed a_pressed",
  ])("are booleans called %s", (names) => {
    expect(flags(names)).toEqual(names.split(" "));
  });

  it.each(["x y z", "on off", "w", "a b c", "loud fast"])("aren't booleans called %s", (names) => {
    expect(flags(names)).toEqual([]);
  });

  it("leave other booleans alone, and are up until they are held", () => {
    const group = groupOf({
      w: fieldOf({ type: "boolean", required: true }, {}, "w"),
      s: fieldOf({ type: "boolean" }, {}, "s"),
      run_fast: fieldOf({ type: "boolean", required: true }, {}, "run_fast"),
    });
    expect(group.keys).toEqual(["w", "s"]);
    expect(group.fields).toMatchObject({ w: { default: false }, run_fast: { required: true } });
  });

  it.each([
    [["W", "A", "none"], {}, ["W", "A"], "none"],
    [["up", "down", ""], {}, ["up", "down"], ""],
    [["w", "a", "q"], { default: "q" }, ["w", "a"], "q"],
    [["w", "a"], {}, ["w", "a"], undefined],
  ])("are the options %j of a keyboard_key with %o", (options, says, keys, rest) => {
    expect(fieldOf({ enum: options, ...says }, {}, "keyboard_key")).toMatchObject({ keys });
    expect((fieldOf({ enum: options, ...says }, {}, "keyboard_key") as { rest?: unknown }).rest).toBe(rest);
  });

  it("rest on null where the key is optional", () => {
    const schema = { anyOf: [{ enum: ["w", "s"] }, { type: "null" }], default: null };
    expect(fieldOf(schema, {}, "keyboard_key")).toMatchObject({ keys: ["w", "s"], rest: null });
  });

  it("aren't what other names choose", () => {
    expect(fieldOf({ enum: ["a", "b"] }, {}, "variant")).toMatchObject({ keys: [] });
    expect(fieldOf({ enum: ["major", "minor"] }, {}, "musical_key")).toMatchObject({ keys: [] });
  });
});
