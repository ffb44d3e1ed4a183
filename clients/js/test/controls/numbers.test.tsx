import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { NUMBER, sent, set, show, slider, spin } from "../support/controls";

describe("a number with bounds", () => {
  it("sends the value that a slider has now, not the one before", () => {
    show({ set_gloss: { gloss: { ...NUMBER, default: 0.7 } } });
    set(slider(), "0.2");
    expect(sent).toEqual([["set_gloss", { gloss: 0.2 }]]);
    expect(spin().value).toBe("0.2");
  });

  it("shows the schema's default, not its minimum", () => {
    show({ set_gloss: { gloss: { ...NUMBER, default: 0.7 } } });
    expect([slider().value, spin().value]).toEqual(["0.7", "0.7"]);
  });

  it("shows nothing where the schema has no default", () => {
    show({ set_gloss: { gloss: { ...NUMBER, required: true } } });
    expect(spin().value).toBe("");
    expect(slider().getAttribute("aria-valuetext")).toBe("not set");
    expect(screen.getByText("needed")).toBeDefined();
  });

  it("sends a typed number once it is finished: at Enter, or when it is left", async () => {
    show({ set_turns: { turns: { type: "integer", required: true } } });
    await userEvent.type(spin(), "12");
    expect(sent).toEqual([]);
    await userEvent.keyboard("{Enter}");
    expect(sent).toEqual([["set_turns", { turns: 12 }]]);
    await userEvent.tab();
    expect(sent).toHaveLength(1);
    await userEvent.type(spin(), "3");
    await userEvent.tab();
    expect(sent.at(-1)).toEqual(["set_turns", { turns: 123 }]);
  });

  it("says what is wrong with a typed number, and doesn't send it", async () => {
    show({ set_gloss: { gloss: { ...NUMBER, required: true } } });
    await userEvent.type(spin(), "7{Enter}");
    expect(screen.getByRole("alert").textContent).toBe("It has to be at most 1.");
    expect(spin().getAttribute("aria-invalid")).toBe("true");
    expect(sent).toEqual([]);
  });
});

describe("what is dragged", () => {
  it("is sent at most once a frame, with the last value always", () => {
    vi.useFakeTimers({ toFake: ["requestAnimationFrame", "cancelAnimationFrame"] });
    show({ set_gloss: { gloss: { ...NUMBER, default: 0.5 } } });
    for (const value of ["0.1", "0.2", "0.3"]) set(slider(), value);
    expect(sent).toEqual([["set_gloss", { gloss: 0.1 }]]);
    act(() => void vi.advanceTimersToNextFrame());
    expect(sent.slice(1)).toEqual([["set_gloss", { gloss: 0.3 }]]);
    vi.useRealTimers();
  });

  it("loses no value when the controls go away", () => {
    const { unmount } = show({ set_gloss: { gloss: { ...NUMBER, default: 0.5 } } });
    for (const value of ["0.1", "0.2"]) set(slider(), value);
    unmount();
    expect(sent.at(-1)).toEqual(["set_gloss", { gloss: 0.2 }]);
  });
});
