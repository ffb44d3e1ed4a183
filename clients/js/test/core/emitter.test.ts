import { describe, expect, it, vi } from "vitest";
import { Emitter } from "../../src/core/emitter";

describe("Emitter", () => {
  it("tells every handler until it is taken away", () => {
    const emitter = new Emitter<{ said: string }>();
    const [first, second] = [vi.fn(), vi.fn()];
    const stop = emitter.on("said", first);
    emitter.on("said", second);
    emitter.emit("said", "a");
    stop();
    emitter.off("said", second);
    emitter.emit("said", "b");
    expect(first.mock.calls).toEqual([["a"]]);
    expect(second.mock.calls).toEqual([["a"]]);
  });

  it("reports a handler that throws, and tells the others", () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const emitter = new Emitter<{ said: string }>();
    const failure = new Error("mine");
    const other = vi.fn();
    emitter.on("said", () => {
      throw failure;
    });
    emitter.on("said", other);
    emitter.emit("said", "a");
    expect(other).toHaveBeenCalledOnce();
    expect(reported).toHaveBeenCalledWith(failure);
  });
});
