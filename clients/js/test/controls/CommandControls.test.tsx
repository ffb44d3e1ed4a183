import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CommandControls } from "../../src/controls";
import type { Capabilities, CommandError, ParameterSchema } from "../../src/core/protocol";

type Parameters = Record<string, ParameterSchema>;

const NUMBER = { type: "number", minimum: 0, maximum: 1 };
const OPTIONAL_INTEGER = { anyOf: [{ type: "integer" }, { type: "null" }], default: null };

function capabilities(commands: Record<string, Parameters>, $defs = {}): Capabilities {
  const described = Object.entries(commands).map(([name, schema]) => [name, { description: `About ${name}.`, schema }]);
  return { commands: Object.fromEntries(described) as Capabilities["commands"], $defs };
}

let sent: [string, object][];
const onCommand = (name: string, data: object): void => void sent.push([name, data]);

/** Show these commands; returns how to show others, or an error, in the same place. */
function show(commands: Record<string, Parameters>, $defs = {}) {
  const { rerender, container, unmount } = render(
    <CommandControls capabilities={capabilities(commands, $defs)} onCommand={onCommand} />,
  );
  return {
    container,
    unmount,
    again: (others: Record<string, Parameters> | null, error: CommandError | null = null) =>
      rerender(
        <CommandControls
          capabilities={others && capabilities(others, $defs)}
          onCommand={onCommand}
          commandError={error}
        />,
      ),
  };
}

const spin = (name?: string): HTMLInputElement => screen.getByRole("spinbutton", name ? { name } : {});
const slider = (): HTMLInputElement => screen.getByRole("slider");
const set = (element: Element, value: string): boolean => fireEvent.change(element, { target: { value } });

beforeEach(() => {
  sent = [];
  return cleanup;
});

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

describe("every kind", () => {
  it("sends a switch as a boolean", () => {
    show({ set_on: { on: { type: "boolean", required: true } } });
    const element = screen.getByRole<HTMLInputElement>("switch", { name: "On" });
    expect(element.indeterminate).toBe(true);
    fireEvent.click(element);
    fireEvent.click(element);
    expect(sent[0]).toEqual(["set_on", { on: true }]);
  });

  it("sends an option with its type, from few side by side", () => {
    show({ choose: { one: { enum: [1, "1", null], required: true } } });
    fireEvent.click(screen.getAllByRole("radio")[0] as Element);
    expect(sent).toEqual([["choose", { one: 1 }]]);
  });

  it("sends an option with its type, from many in a menu", () => {
    const options = Array.from({ length: 20 }, (_, at) => at);
    show({ choose: { one: { enum: options, default: 3 } } });
    const menu = screen.getByRole<HTMLSelectElement>("combobox");
    expect(menu.value).toBe("3");
    set(menu, "17");
    expect(sent).toEqual([["choose", { one: 17 }]]);
  });

  it("sends a text with Enter, and starts a line with Shift", async () => {
    show({ set_prompt: { prompt: { type: "string", required: true } } });
    await userEvent.type(screen.getByRole("textbox", { name: "Prompt" }), "a{Shift>}{Enter}{/Shift}b{Enter}");
    expect(sent).toEqual([["set_prompt", { prompt: "a\nb" }]]);
  });

  it("leaves Enter to an input method that composes", () => {
    show({ set_prompt: { prompt: { type: "string", default: "x" } } });
    fireEvent.keyDown(screen.getByRole("textbox"), { key: "Enter", isComposing: true });
    expect(sent).toEqual([]);
  });

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

  it("takes anything else as JSON, once it is JSON", async () => {
    show({ configure: { options: { anyOf: [{ type: "object" }, { type: "string" }], default: { a: 1 } } } });
    const editor = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Configure" });
    expect(JSON.parse(editor.value)).toEqual({ a: 1 });
    set(editor, '{"a": ');
    await userEvent.click(screen.getByRole("button", { name: "Send Configure" }));
    expect(screen.getByRole("alert").textContent).toBe("It has to be JSON.");
    set(editor, '{"a": 2}');
    fireEvent.keyDown(editor, { key: "Enter" });
    expect(sent).toEqual([]);
    fireEvent.keyDown(editor, { key: "Enter", ctrlKey: true });
    expect(sent).toEqual([["configure", { options: { a: 2 } }]]);
  });

  it.each(["chosen", "dropped", "pasted"])("sends an image that was %s as base64, and shows it", async (how) => {
    show({ set_image: { base64_image: { type: "string", required: true } } });
    const input = screen.getByLabelText("Image");
    const files = [new File([new Uint8Array([1, 2, 3])], "a.png", { type: "image/png" })];
    if (how === "chosen") await userEvent.upload(input, files);
    if (how === "dropped") fireEvent.drop(input, { dataTransfer: { files } });
    if (how === "pasted") fireEvent.paste(input, { clipboardData: { files } });
    await vi.waitFor(() => expect(document.querySelector("img")?.src).toBe("data:image/png;base64,AQID"));
    await userEvent.click(screen.getByRole("button", { name: "Send Image" }));
    expect(sent).toEqual([["set_image", { base64_image: "AQID" }]]);
  });

  it("refuses a file that is no image, in words", () => {
    show({ set_image: { image: { type: "string", required: true } } });
    fireEvent.drop(screen.getByLabelText("Image"), { dataTransfer: { files: [new File(["x"], "notes.txt")] } });
    expect(screen.getByText(/notes\.txt is no image/)).toBeDefined();
  });
});

describe("sending", () => {
  it("happens at most once a frame while a slider is dragged, with the last value always", () => {
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

describe("a refusal by the model", () => {
  const LOOK = {
    look: { zoom: { ...NUMBER, default: 0.5 }, steps: { type: "array", items: { type: "integer" }, default: [1] } },
  };
  const refused = (loc: (string | number)[]): CommandError => ({
    command: "look",
    code: "INVALID_ARGUMENTS",
    message: "No.",
    errors: [{ loc, msg: "Not that.", type: "x" }],
  });
  const problemOf = (element: Element): string =>
    (element.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent)
      .join(" ");

  it.each([
    [["zoom"], () => spin("Zoom")],
    [["steps", 0], () => spin("Steps 1")],
    [["steps", 5, "int"], () => screen.getByRole("group", { name: "Steps" })],
  ])("of %j stands beside that control", (loc, control) => {
    const { again } = show(LOOK);
    again(LOOK, refused(loc));
    expect(problemOf(control())).toContain("Not that.");
  });

  it("of the whole command stands with it", () => {
    const { again } = show({ ...LOOK, splash: {} });
    again({ ...LOOK, splash: {} }, { command: "splash", code: "HANDLER_FAILED", message: "It fell over.", errors: [] });
    expect(screen.getByRole("alert").closest(".reactor-command")?.textContent).toContain("Splash");
  });

  it("goes when its command is sent again", async () => {
    const { again } = show(LOOK);
    again(LOOK, refused(["zoom"]));
    await userEvent.click(screen.getByRole("button", { name: "Send Look" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

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
