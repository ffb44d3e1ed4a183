import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { filtered, lineOf, MessageLog, MOST_ENTRIES, nameAndData } from "../../src/log/messageLog";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function logged(log: MessageLog): readonly string[] {
  vi.runAllTimers();
  return log.entries().map(({ name, text }) => `${name} ${text}`);
}

it("tells its listeners once for many messages", () => {
  const log = new MessageLog();
  const listener = vi.fn();
  log.subscribe(listener);
  for (let n = 0; n < 20; n++) log.add("out", "move", { n });
  expect(listener).not.toHaveBeenCalled();
  expect(logged(log)).toHaveLength(20);
  expect(listener).toHaveBeenCalledOnce();
});

it("keeps the newest of more messages than it can hold", () => {
  const log = new MessageLog();
  for (let n = 0; n < 3 * MOST_ENTRIES; n++) log.add("in", "tick", n);
  expect(logged(log)).toHaveLength(MOST_ENTRIES);
  expect(logged(log).at(-1)).toBe(`tick ${3 * MOST_ENTRIES - 1}`);
});

it("shortens an image and keeps what stands beside it", () => {
  const log = new MessageLog();
  log.add("out", "set_image", { image: "A".repeat(5_000_000), id: "b" });
  expect(logged(log)[0]).toContain('… (5000000 characters)","id":"b"}');
  log.add(
    "in",
    "list",
    Array.from({ length: 9_000 }, () => 1),
  );
  expect(logged(log)[1]?.length).toBeLessThan(9_000);
});

it("forgets everything when it is cleared, also what nobody has seen yet", () => {
  const log = new MessageLog();
  log.add("in", "a", {});
  log.clear();
  expect(logged(log)).toEqual([]);
});

it("finds the name in a message, wherever the model puts its data", () => {
  expect(nameAndData({ type: "status", status: "x" })).toEqual({ name: "status", data: { status: "x" } });
  expect(nameAndData({ type: "status", data: { status: "x" } })).toEqual({ name: "status", data: { status: "x" } });
  expect(nameAndData([1])).toEqual({ name: "message", data: [1] });
  expect(nameAndData({ type: 1 })).toEqual({ name: "message", data: { type: 1 } });
});

it("filters by name and content, whatever the case", () => {
  const entries = [
    { id: 1, at: 0, direction: "in" as const, name: "progress", text: '{"n":1}' },
    { id: 2, at: 0, direction: "out" as const, name: "set_speed", text: '{"Speed":2}' },
  ];
  expect(filtered(entries, " SPEED ").map(({ id }) => id)).toEqual([2]);
  expect(filtered(entries, "")).toBe(entries);
  expect(entries.map(lineOf)[0]).toBe('1970-01-01T00:00:00.000Z\tin\tprogress\t{"n":1}');
});
