import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { NUMBER, OPTIONAL_INTEGER, sent, show, spin } from "../support/controls";

describe("a parameter that may be none, or has others within", () => {
  it("makes an optional none again", async () => {
    show({ set_seed: { seed: { ...OPTIONAL_INTEGER, default: 5 } } });
    const none = screen.getByRole("button", { name: "Seed: none" });
    await userEvent.click(none);
    expect(sent).toEqual([["set_seed", { seed: null }]]);
    expect(none.getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(none);
    await vi.waitFor(() => expect(sent.at(-1)).toEqual(["set_seed", { seed: 5 }]));
  });

  it("edits a list of numbers", async () => {
    show({ set_steps: { steps: { type: "array", items: { type: "integer" }, default: [4, 2] } } });
    await userEvent.click(screen.getByRole("button", { name: "Remove Steps 1" }));
    await userEvent.click(screen.getByRole("button", { name: "Add to Steps" }));
    await userEvent.type(spin("Steps 2"), "9{Enter}");
    expect(sent).toEqual([["set_steps", { steps: [2, 9] }]]);
  });

  it("edits a list of texts", async () => {
    show({ set_words: { words: { type: "array", items: { type: "string" }, required: true } } });
    await userEvent.click(screen.getByRole("button", { name: "Add to Words" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Words 1" }), "sea{Enter}");
    expect(sent).toEqual([["set_words", { words: ["sea"] }]]);
  });

  it("edits a nested object, with the fields that nobody touched", async () => {
    const Camera = {
      type: "object",
      properties: { yaw: { ...NUMBER, default: 0.1 }, lens: { enum: ["wide", "tele"], default: "wide" } },
    };
    show({ look: { camera: { $ref: "#/$defs/Camera", required: true } } }, { Camera });
    fireEvent.click(within(screen.getByRole("group", { name: "Look" })).getByRole("radio", { name: "tele" }));
    expect(sent).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Send Look" }));
    expect(sent).toEqual([["look", { camera: { yaw: 0.1, lens: "tele" } }]]);
  });

  it("opens an optional object", async () => {
    const Camera = { type: "object", properties: { yaw: { ...NUMBER, default: 0.1 } } };
    const schema = { anyOf: [{ $ref: "#/$defs/Camera" }, { type: "null" }], default: null };
    show({ look: { camera: schema } }, { Camera });
    expect(screen.queryByRole("slider")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Look: none" }));
    await userEvent.click(screen.getByRole("button", { name: "Send Look" }));
    expect(sent).toEqual([["look", { camera: { yaw: 0.1 } }]]);
  });
});
