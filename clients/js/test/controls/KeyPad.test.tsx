import { act, fireEvent, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { NUMBER, sent, show, slider } from "../support/controls";

describe("a key pad", () => {
  const KEY = { type: "boolean", default: false };
  const PAD = { send_keyboard_state: { w: KEY, a: KEY } };
  const last = (): object | undefined => sent.at(-1)?.[1];
  const press = (key: string, target: Element | Window = window): boolean =>
    fireEvent.keyDown(target, { key, code: `Key${key.toUpperCase()}` });
  const lift = (key: string): boolean => fireEvent.keyUp(window, { key, code: `Key${key.toUpperCase()}` });

  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });
  const frame = (): void => act(() => void vi.advanceTimersToNextFrame());

  it("is down while a pointer holds it, wherever the pointer is let go", () => {
    show(PAD);
    fireEvent.pointerDown(screen.getByRole("button", { name: "w" }), { button: 0, pointerId: 1 });
    expect(last()).toEqual({ w: true, a: false });
    expect(screen.getByRole("button", { name: "w" }).getAttribute("aria-pressed")).toBe("true");
    frame();
    fireEvent.pointerUp(window, { pointerId: 1 });
    expect(last()).toEqual({ w: false, a: false });
  });

  it("is down while the real key is, with others, and sends no repetition", () => {
    show(PAD);
    for (const key of ["w", "w", "a"]) {
      press(key);
      frame();
    }
    lift("w");
    frame();
    lift("a");
    expect(sent.map(([, data]) => data)).toEqual([
      { w: true, a: false },
      { w: true, a: true },
      { w: false, a: true },
      { w: false, a: false },
    ]);
  });

  it("is let go when the window loses the focus", () => {
    show(PAD);
    press("w");
    frame();
    fireEvent.blur(window);
    expect(last()).toEqual({ w: false, a: false });
  });

  it("is let go when the pad goes away", () => {
    const { again } = show(PAD);
    press("w");
    frame();
    again({});
    expect(last()).toEqual({ w: false, a: false });
  });

  it("leaves keys to what is typed, and shortcuts to the browser", () => {
    show({ ...PAD, set_prompt: { prompt: { type: "string", default: "" } } });
    press("w", screen.getByRole("textbox"));
    fireEvent.keyDown(window, { key: "w", code: "KeyW", ctrlKey: true });
    expect(sent).toEqual([]);
  });

  it("takes letters while a switch or a slider has the focus, but not its arrows", () => {
    const arrows = { up: KEY, down: KEY };
    show({ ...PAD, send_arrows: arrows, set_gloss: { gloss: { ...NUMBER, default: 0.5 } } });
    press("w", slider());
    expect(last()).toEqual({ w: true, a: false });
    frame();
    fireEvent.keyDown(slider(), { key: "ArrowUp", code: "ArrowUp" });
    expect(sent).toHaveLength(1);
  });

  it("knows a key by its place where the keyboard has other letters", () => {
    show(PAD);
    fireEvent.keyDown(window, { key: "ц", code: "KeyW" });
    expect(last()).toEqual({ w: true, a: false });
  });

  it("shares the keyboard with another pad, until one has the focus", () => {
    show({ ...PAD, control: { keyboard_key: { enum: ["W", "A", "none"], default: "none" } } });
    const commands = (): string[] => {
      frame();
      frame();
      return sent.splice(0).map(([name]) => name);
    };
    for (let round = 0; round < 2; round++) {
      press("w");
      expect(commands()).toEqual(["send_keyboard_state", "control"]);
      lift("w");
      expect(commands()).toEqual(["send_keyboard_state", "control"]);
    }
    press("w", screen.getByRole("button", { name: "A" }));
    expect(commands()).toEqual(["control"]);
  });

  it("is held by Space while it has the focus", () => {
    show(PAD);
    fireEvent.keyDown(screen.getByRole("button", { name: "a" }), { key: " ", code: "Space" });
    expect(last()).toEqual({ w: false, a: true });
    frame();
    fireEvent.keyUp(window, { key: " ", code: "Space" });
    expect(last()).toEqual({ w: false, a: false });
  });

  it("is held a moment by a click of assistive technology", () => {
    show(PAD);
    fireEvent.click(screen.getByRole("button", { name: "a" }), { detail: 0 });
    expect(last()).toEqual({ w: false, a: true });
    act(() => void vi.advanceTimersByTime(200));
    expect(last()).toEqual({ w: false, a: false });
  });

  it("holds one option at a time of a keyboard_key, the last one, and none without any", () => {
    show({ control: { keyboard_key: { enum: ["W", "A", "none"], default: "none" } } });
    press("w");
    frame();
    press("a");
    frame();
    lift("a");
    frame();
    lift("w");
    expect(sent.map(([, data]) => data)).toEqual([
      { keyboard_key: "W" },
      { keyboard_key: "A" },
      { keyboard_key: "W" },
      { keyboard_key: "none" },
    ]);
  });
});
