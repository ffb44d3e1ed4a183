import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { sent, set, show } from "../support/controls";

describe("every simple kind", () => {
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
