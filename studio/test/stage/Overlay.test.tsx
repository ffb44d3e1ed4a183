import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Scene } from "../../src/session/scene";
import { Overlay } from "../../src/stage/Overlay";

afterEach(cleanup);

function shown(scene: Exclude<Scene, { kind: "live" }>, start = vi.fn()): void {
  render(<Overlay scene={scene} start={start} />);
}

it("shows how far the weights have come", () => {
  const download = {
    folder: "World",
    totalBytes: 4_000_000_000,
    doneBytes: 1_000_000_000,
    speed: 50_000_000,
    etaS: 60,
  };
  shown({ kind: "loading", stage: "weights", progress: 0.2, download });
  expect(screen.getByRole("heading").textContent).toBe("Fetching weights");
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
  expect(screen.getByText("World · 1.0 GB of 4.0 GB · 50.0 MB/s")).toBeTruthy();
  expect(screen.getByText("1:00 left")).toBeTruthy();
});

it("shows a progress of unknown length as such", () => {
  shown({ kind: "loading", stage: "init", progress: null, download: null });
  expect(screen.getByRole("progressbar").hasAttribute("aria-valuenow")).toBe(false);
});

it("tells the model's own error and what to do", () => {
  shown({ kind: "loadFailed", message: "ValueError: size: expected multiples of 4" });
  expect(screen.getByText("ValueError: size: expected multiples of 4")).toBeTruthy();
  expect(screen.getByText(/this page goes on by itself/)).toBeTruthy();
});

it("offers to start again after an end", async () => {
  const start = vi.fn();
  shown({ kind: "ended", reason: "model_error", message: "the stage burns" }, start);
  expect(screen.getByText("The stage burns.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Start again" }));
  expect(start).toHaveBeenCalledOnce();
});

it("tells the place in the queue", () => {
  shown({ kind: "waiting", position: 3, queueLength: 40, reason: "busy" });
  expect(screen.getByRole("heading").textContent).toBe("You're third in line");
});
