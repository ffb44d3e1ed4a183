import { render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { CommandControls } from "../../src/index";

vi.mock("../../src/controls/Panel", () => Promise.reject(new Error("nobody answers")));

it("says so where the code of the controls can't be fetched", async () => {
  render(<CommandControls capabilities={null} onCommand={() => undefined} />);
  expect((await screen.findByRole("alert")).textContent).toContain("Reload the page");
});
