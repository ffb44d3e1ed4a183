import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { CommandControls, type ParameterSchema } from "../../src/index";
import { capabilities, NUMBER, onCommand, OPTIONAL_INTEGER, sent, set, slider, spin } from "../support/controls";

type Commands = Record<string, Record<string, ParameterSchema>>;

const GLOSS = { set_gloss: { gloss: { ...NUMBER, default: 0.5 } } };
const PROMPT = { set_prompt: { prompt: { type: "string", required: true } } };

/** Show these commands for the session "s1"; returns how to show them, or others, for another one. */
function showInSession(commands: Commands): (sessionId: string | null, others?: Commands | null) => void {
  const panel = (sessionId: string | null, shown: Commands | null) => (
    <CommandControls capabilities={shown && capabilities(shown)} sessionId={sessionId} onCommand={onCommand} />
  );
  const { rerender } = render(panel("s1", commands));
  return (sessionId, others = commands) => rerender(panel(sessionId, others));
}

const option = (name: string): HTMLInputElement => screen.getByRole("radio", { name });

describe("another session", () => {
  it("has what is sent by itself begin at its defaults, and sends none of it", () => {
    const enter = showInSession({
      ...GLOSS,
      set_palette: { palette: { enum: ["ember", "noir"], default: "ember" } },
      set_grain: { grain: { type: "boolean", default: true } },
      restart: { seed: OPTIONAL_INTEGER },
      move: { w: { type: "boolean" }, s: { type: "boolean" } },
    });
    set(slider(), "0.9");
    fireEvent.click(option("noir"));
    fireEvent.click(screen.getByRole("switch"));
    set(spin("Restart"), "7");
    fireEvent.keyDown(window, { key: "w", code: "KeyW" });
    enter(null);
    sent.splice(0);
    enter("s2");
    expect([slider().value, spin("Restart").value]).toEqual(["0.5", ""]);
    expect([option("ember").checked, option("noir").checked]).toEqual([true, false]);
    expect(screen.getByRole<HTMLInputElement>("switch").checked).toBe(true);
    expect(screen.getByRole("button", { name: "w" }).getAttribute("aria-pressed")).toBe("false");
    expect(sent).toEqual([]);
    fireEvent.keyUp(window, { key: "w", code: "KeyW" });
  });

  it("empties what has no default", () => {
    const enter = showInSession({ choose: { one: { enum: ["a", "b"], required: true } } });
    fireEvent.click(option("b"));
    enter("s2");
    expect([option("a").checked, option("b").checked]).toEqual([false, false]);
    expect(screen.getByText("needed")).toBeDefined();
  });

  it("keeps what was typed for a button, and what goes with it", async () => {
    const enter = showInSession({ ...GLOSS, schedule: { ...PROMPT.set_prompt, at: { type: "integer", default: 0 } } });
    await userEvent.type(screen.getByRole("textbox"), "a lake");
    set(spin("At"), "12");
    enter(null);
    enter("s2");
    await userEvent.click(screen.getByRole("button", { name: "Send Schedule" }));
    expect(sent).toEqual([["schedule", { prompt: "a lake", at: 12 }]]);
  });

  it("hears nothing of a number that was typed, and not sent, in the one before", async () => {
    const enter = showInSession(GLOSS);
    await userEvent.clear(spin());
    await userEvent.type(spin(), "0.7");
    enter("s2");
    expect(spin().value).toBe("0.5");
    await userEvent.tab();
    expect(sent).toEqual([]);
  });

  it("doesn't complain of what was missing in the one before", () => {
    const enter = showInSession({ stir: { x: { ...NUMBER, required: true }, y: { ...NUMBER, required: true } } });
    set(screen.getAllByRole("slider")[0] as Element, "0.3");
    expect(screen.getByRole("alert")).toBeDefined();
    enter("s2");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("isn't told what the one before was to hear in its last frame", () => {
    const enter = showInSession(GLOSS);
    set(slider(), "0.8");
    set(slider(), "0.9");
    enter(null);
    expect(sent.splice(0).at(-1)).toEqual(["set_gloss", { gloss: 0.9 }]);
    enter("s2");
    expect(sent).toEqual([]);
  });

  it("is changed as the first one was", async () => {
    const enter = showInSession(GLOSS);
    set(slider(), "0.9");
    enter("s2");
    set(slider(), "0.2");
    expect(slider().value).toBe("0.2");
    await vi.waitFor(() => expect(sent.at(-1)).toEqual(["set_gloss", { gloss: 0.2 }]));
  });
});

describe("the same session", () => {
  it("keeps everything when it is resumed", () => {
    const enter = showInSession(GLOSS);
    set(slider(), "0.9");
    enter(null, null);
    enter("s1");
    expect(slider().value).toBe("0.9");
  });

  it("keeps everything when the model's commands change", () => {
    const enter = showInSession(GLOSS);
    set(slider(), "0.9");
    enter("s1", { ...GLOSS, splash: {} });
    expect(slider().value).toBe("0.9");
  });
});
