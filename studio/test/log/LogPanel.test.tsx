import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { LogPanel } from "../../src/log/LogPanel";
import { MessageLog } from "../../src/log/messageLog";

afterEach(() => {
  cleanup();
  localStorage.clear();
});

async function said(log: MessageLog, name: string, data: object): Promise<void> {
  await act(async () => {
    log.add("in", name, data);
    await new Promise((resolve) => setTimeout(resolve, 250));
  });
}

async function opened(): Promise<MessageLog> {
  const log = new MessageLog();
  render(<LogPanel log={log} />);
  await userEvent.click(screen.getByRole("button", { name: /Messages/ }));
  return log;
}

it("shows the latest message in its line, and all of them when it is opened", async () => {
  const log = new MessageLog();
  render(<LogPanel log={log} />);
  await said(log, "first", { n: 1 });
  await said(log, "second", { n: 2 });
  expect(screen.queryByText("first")).toBeNull();
  expect(screen.getByText('← second {"n":2}')).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: /Messages/ }));
  expect(screen.getByText("first")).toBeTruthy();
});

it("stays as it was left for the next visit", async () => {
  await opened();
  cleanup();
  render(<LogPanel log={new MessageLog()} />);
  expect(screen.getByRole("button", { name: "Pause" })).toBeTruthy();
});

it("stands still while it is paused, and goes on", async () => {
  const log = await opened();
  await said(log, "before", {});
  await userEvent.click(screen.getByRole("button", { name: "Pause" }));
  await said(log, "after", {});
  expect(screen.queryByText("after")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Follow again" }));
  expect(screen.getByText("after")).toBeTruthy();
});

it("filters, and copies what it shows", async () => {
  const user = userEvent.setup();
  const log = await opened();
  await said(log, "progress", { n: 1 });
  await said(log, "status", { ok: true });
  await user.type(screen.getByRole("searchbox"), "status");
  expect(screen.queryByText("progress")).toBeNull();
  const write = vi.spyOn(navigator.clipboard, "writeText");
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(write).toHaveBeenCalledWith(expect.stringMatching(/\tin\tstatus\t\{"ok":true\}$/));
});
