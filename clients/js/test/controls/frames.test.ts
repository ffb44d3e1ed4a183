import { beforeEach, describe, expect, it, vi } from "vitest";
import { FrameSender } from "../../src/controls/frames";

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

function sending(): { sender: FrameSender; sent: unknown[][] } {
  const sent: unknown[][] = [];
  return { sent, sender: new FrameSender((name, data) => sent.push([name, data])) };
}

describe("FrameSender", () => {
  it("sends the first value at once", () => {
    const { sender, sent } = sending();
    sender.soon("a", { x: 1 });
    expect(sent).toEqual([["a", { x: 1 }]]);
  });

  it("sends at most once a frame, and the last value always", () => {
    const { sender, sent } = sending();
    for (let x = 0; x < 10; x++) sender.soon("a", { x });
    expect(sent).toHaveLength(1);
    vi.advanceTimersToNextFrame();
    expect(sent).toEqual([
      ["a", { x: 0 }],
      ["a", { x: 9 }],
    ]);
    vi.advanceTimersToNextFrame();
    expect(sent).toHaveLength(2);
  });

  it("goes on with one a frame while values keep coming", () => {
    const { sender, sent } = sending();
    for (let frame = 0; frame < 5; frame++) {
      sender.soon("a", { frame });
      sender.soon("a", { frame, late: true });
      vi.advanceTimersToNextFrame();
    }
    expect(sent).toHaveLength(6);
    expect(sent.at(-1)).toEqual(["a", { frame: 4, late: true }]);
  });

  it("keeps commands apart", () => {
    const { sender, sent } = sending();
    sender.soon("a", { x: 1 });
    sender.soon("a", { x: 2 });
    sender.soon("b", { y: 1 });
    vi.advanceTimersToNextFrame();
    expect(sent.map(([name]) => name)).toEqual(["a", "a", "b"]);
  });

  it("sends what is held before a press", () => {
    const { sender, sent } = sending();
    sender.soon("a", { x: 1 });
    sender.soon("a", { x: 2 });
    sender.now("start", {});
    expect(sent).toEqual([
      ["a", { x: 1 }],
      ["a", { x: 2 }],
      ["start", {}],
    ]);
  });

  it("sends every press", () => {
    const { sender, sent } = sending();
    sender.now("splash", {});
    sender.now("splash", {});
    expect(sent).toHaveLength(2);
  });

  it("waits for no frame on a hidden page", () => {
    const { sender, sent } = sending();
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    sender.soon("a", { x: 1 });
    sender.soon("a", { x: 2 });
    expect(sent).toHaveLength(2);
  });
});
