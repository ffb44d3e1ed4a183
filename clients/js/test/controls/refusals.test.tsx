import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { CommandError } from "../../src/index";
import { NUMBER, show, spin } from "../support/controls";

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
