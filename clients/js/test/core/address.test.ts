import { describe, expect, it } from "vitest";
import { socketUrl } from "../../src/core/address";

describe("socketUrl", () => {
  it("is the local coordinator where nothing else is said", () => {
    expect(socketUrl(undefined, true)).toBe("ws://localhost:8080/ws");
  });

  it.each([
    ["http://lab:8080", "ws://lab:8080/ws"],
    ["https://lab.example", "wss://lab.example/ws"],
    ["ws://lab:8080/ws", "ws://lab:8080/ws"],
    ["wss://lab.example/reactor/", "wss://lab.example/reactor/ws"],
    ["http://lab:8080/ws/?key=1", "ws://lab:8080/ws?key=1"],
  ])("completes %s", (given, expected) => {
    expect(socketUrl(given, true)).toBe(expected);
  });

  it.each(["lab:8080", "ftp://lab", "not an address"])("refuses %s in words", (given) => {
    expect(() => socketUrl(given, true)).toThrow(`found "${given}"`);
  });

  it("wants an address where `local` isn't said", () => {
    expect(() => socketUrl(undefined, false)).toThrow("coordinatorUrl");
  });
});
