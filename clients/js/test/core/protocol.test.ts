import { describe, expect, it } from "vitest";
import { isCapabilities, parseModelText, parseServerMessage } from "../../src/core/protocol";

const GRANT = { livekitWsUrl: "ws://x", livekitJwtToken: "t", sessionId: "s", resumeToken: "r" };

describe("parseServerMessage", () => {
  it("reads what the coordinator says", () => {
    const text = JSON.stringify({ type: "gpu-machine-assigned", data: GRANT });
    expect(parseServerMessage(text)).toEqual({ type: "gpu-machine-assigned", data: GRANT });
  });

  it.each([
    ["a type from the future", { type: "tea-time", data: {} }],
    ["a type that every object has", { type: "constructor", data: {} }],
    ["a grant without its room", { type: "gpu-machine-assigned", data: { sessionId: "s" } }],
    ["a message without data", { type: "error" }],
    ["an array", []],
    ["null", null],
  ])("passes over %s", (_, message) => {
    expect(parseServerMessage(JSON.stringify(message))).toBeNull();
  });

  it("passes over what isn't JSON", () => {
    expect(parseServerMessage("{")).toBeNull();
  });
});

describe("parseModelText", () => {
  it("gives what the model sent, whatever it is", () => {
    expect(parseModelText('{"type":"application","data":[1]}')).toEqual({ type: "application", data: [1] });
  });

  it("tells the runtime's words from the model's", () => {
    const notice = { type: "commandError", data: { command: "c", code: "X", message: "m", errors: [] } };
    expect(parseModelText(JSON.stringify({ type: "runtime", data: notice }))).toEqual({
      type: "runtime",
      data: notice,
    });
  });

  it.each(["", "[]", '{"type":"runtime"}', '{"type":"runtime","data":{"type":"stats"}}'])("passes over %s", (text) => {
    expect(parseModelText(text)).toBeNull();
  });
});

describe("isCapabilities", () => {
  it("knows the runtime's answer from a model's message of the same look", () => {
    expect(isCapabilities({ commands: {}, schemaVersion: 1 })).toBe(true);
    expect(isCapabilities({ commands: ["a"] })).toBe(false);
    expect(isCapabilities({ type: "status" })).toBe(false);
  });
});
