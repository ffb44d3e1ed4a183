import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { describe, expect, it, vi } from "vitest";
import { CommandControls } from "../../src/index";
import { capabilities, NUMBER, onCommand, OPTIONAL_INTEGER, show, spin } from "../support/controls";

describe("capabilities that change", () => {
  it("keep what was typed", async () => {
    const PROMPT = { set_prompt: { prompt: { type: "string", required: true } } };
    const { again } = show(PROMPT);
    await userEvent.type(screen.getByRole("textbox"), "a lake");
    again({ ...PROMPT, splash: {} });
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe("a lake");
    again(null);
    again(PROMPT);
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe("a lake");
  });

  it("drop what another kind of parameter can't take", async () => {
    const { again } = show({ set_it: { it: { type: "string", default: "" } } });
    await userEvent.type(screen.getByRole("textbox"), "a lake");
    again({ set_it: { it: { ...NUMBER, default: 0.5 } } });
    expect(spin().value).toBe("0.5");
  });

  it("without a command are told calmly, without a timer", () => {
    const timers = [vi.spyOn(window, "setInterval"), vi.spyOn(window, "setTimeout")];
    const { again } = show({});
    expect(screen.getByText("This model has no controls.")).toBeDefined();
    again(null);
    expect(screen.getByText("The controls come with the model.")).toBeDefined();
    for (const timer of timers) expect(timer).not.toHaveBeenCalled();
  });
});

describe("accessibility", () => {
  it("has no violation with every kind at once", async () => {
    const Camera = { type: "object", properties: { yaw: NUMBER } };
    const { container } = show(
      {
        set_gloss: { gloss: { ...NUMBER, required: true } },
        set_on: { on: { type: "boolean", required: true } },
        choose: { one: { enum: ["a", "b"] }, many: { enum: Array.from({ length: 30 }, (_, at) => at) } },
        write: { text: { type: "string", required: true }, prompt: { type: "string" } },
        restart: { seed: OPTIONAL_INTEGER },
        set_image: { image: { type: "string" } },
        set_steps: { steps: { type: "array", items: { type: "integer" }, default: [1] } },
        look: { camera: { $ref: "#/$defs/Camera", required: true }, options: { type: "object" } },
        keys: { w: { type: "boolean" }, s: { type: "boolean" }, keyboard_key: { enum: ["i", "j", "none"] } },
        splash: {},
      },
      { Camera },
    );
    const { violations } = await axe.run(container, { rules: { region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });

  it("can be switched off as a whole", () => {
    render(<CommandControls capabilities={capabilities({ splash: {} })} onCommand={onCommand} disabled />);
    expect(screen.getByRole("button").matches(":disabled")).toBe(true);
  });
});
