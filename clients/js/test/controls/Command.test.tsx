import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { NUMBER, OPTIONAL_INTEGER, sent, set, show, spin } from "../support/controls";

describe("a command with several parameters", () => {
  const TWO = { x: { ...NUMBER, required: true }, y: { ...NUMBER, required: true } };

  it("isn't sent before all that it needs is there, and says so", () => {
    show({ stir: TWO });
    const [x, y] = screen.getAllByRole("slider");
    set(x as Element, "0.3");
    expect(sent).toEqual([]);
    expect(screen.getByRole("alert").textContent).toBe("Needed: nothing is sent without it.");
    set(y as Element, "0.6");
    expect(sent).toEqual([["stir", { x: 0.3, y: 0.6 }]]);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("sends its defaults too, and no optional that nobody touched", () => {
    show({
      look: { zoom: { ...NUMBER, default: 0.5 }, fast: { type: "boolean", default: true }, seed: OPTIONAL_INTEGER },
    });
    fireEvent.click(screen.getByRole("switch"));
    expect(sent).toEqual([["look", { zoom: 0.5, fast: false }]]);
  });

  it("waits for the button where there is a text", async () => {
    show({ schedule: { text: { type: "string", required: true }, at: { type: "integer", default: 0 } } });
    await userEvent.type(screen.getByRole("textbox"), "dawn");
    await userEvent.tab();
    expect(sent).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Send Schedule" }));
    expect(sent).toEqual([["schedule", { text: "dawn", at: 0 }]]);
  });
});

describe("a command's button", () => {
  it("points out what is missing where it can't send", async () => {
    show({ set_prompt: { prompt: { type: "string", required: true } } });
    await userEvent.click(screen.getByRole("button", { name: "Send Prompt" }));
    expect(sent).toEqual([]);
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox")));
    expect(screen.getByRole("alert").textContent).toContain("Needed");
  });

  it("gives a command without parameters a button", async () => {
    show({ splash: {} });
    await userEvent.click(screen.getByRole("button", { name: "Splash" }));
    await userEvent.click(screen.getByRole("button", { name: "Splash" }));
    expect(sent).toEqual([
      ["splash", {}],
      ["splash", {}],
    ]);
  });

  it("needs no button beside a live control that shows its default", () => {
    show({ set_gloss: { gloss: { ...NUMBER, default: 0.5 } } });
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("gives a live command that means something without its parameter a button as well", async () => {
    show({ restart: { seed: OPTIONAL_INTEGER } });
    await userEvent.click(screen.getByRole("button", { name: "Send Restart" }));
    await userEvent.type(spin(), "7");
    await userEvent.click(screen.getByRole("button", { name: "Send Restart" }));
    expect(sent).toEqual([
      ["restart", {}],
      ["restart", { seed: 7 }],
    ]);
  });
});
