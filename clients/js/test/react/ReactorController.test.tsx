import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ReactorController } from "../../src/index";
import { freshBorder, granted, room, settled, socket } from "../support/border";
import { Page, seen } from "../support/session";

vi.mock("livekit-client", () => import("../support/livekit"));

beforeEach(freshBorder);

const A_FEW_FRAMES_MS = 50;
const KEY = { type: "boolean", default: false };
const GLOSS = { type: "number", minimum: 0, maximum: 1, default: 0.5 };

async function ready(commands: object): Promise<void> {
  render(
    <Page>
      <ReactorController className="mine" />
    </Page>,
  );
  await granted();
  act(() => room().hear({ type: "application", data: { commands, schemaVersion: 1 } }));
  await settled();
}

describe("ReactorController", () => {
  it("sends what its controls say, and shows what the model refuses", async () => {
    await ready({ set_gloss: { description: "", schema: { gloss: GLOSS } } });
    fireEvent.change(await screen.findByRole("slider"), { target: { value: "0.2" } });
    await settled();
    expect(room().sent).toContainEqual({ type: "set_gloss", data: { gloss: 0.2 } });
    const errors = [{ loc: ["gloss"], msg: "Not that.", type: "x" }];
    const refusal = { command: "set_gloss", code: "INVALID_ARGUMENTS", message: "No.", errors };
    act(() => room().hear({ type: "runtime", data: { type: "commandError", data: refusal } }));
    await settled();
    expect(screen.getByRole("alert").textContent).toBe("Not that.");
  });

  it("says calmly that a model has no commands, and doesn't ask again", async () => {
    await ready({});
    const { length } = room().sent;
    await settled(A_FEW_FRAMES_MS);
    expect(await screen.findByText("This model has no controls.")).toBeDefined();
    expect(room().sent).toHaveLength(length);
  });

  it("shows the defaults in a new session, as the model begins with them, and what was typed for a button", async () => {
    const commands = {
      set_gloss: { description: "", schema: { gloss: GLOSS } },
      set_prompt: { description: "", schema: { prompt: { type: "string" } } },
    };
    await ready(commands);
    fireEvent.change(await screen.findByRole("slider"), { target: { value: "0.2" } });
    fireEvent.change(screen.getByRole("textbox"), { target: { value: "a lake" } });
    await act(() => seen.session.disconnect());
    act(() => void seen.session.connect());
    await granted("s2");
    act(() => room().hear({ type: "application", data: { commands, schemaVersion: 1 } }));
    await settled();
    expect(screen.getByRole<HTMLInputElement>("slider").value).toBe("0.5");
    expect(screen.getByRole<HTMLInputElement>("textbox").value).toBe("a lake");
  });

  it("keeps what a session had that is left to be resumed", async () => {
    const commands = { set_gloss: { description: "", schema: { gloss: GLOSS } } };
    await ready(commands);
    fireEvent.change(await screen.findByRole("slider"), { target: { value: "0.2" } });
    await act(() => seen.session.disconnect(true));
    act(() => void seen.session.connect());
    await granted("s1");
    act(() => room().hear({ type: "application", data: { commands, schemaVersion: 1 } }));
    await settled();
    expect(screen.getByRole<HTMLInputElement>("slider").value).toBe("0.2");
  });

  it("lets go of a held key with the session, and sends that to nobody", async () => {
    await ready({ move: { description: "", schema: { w: KEY, s: KEY } } });
    await screen.findByRole("button", { name: "w" });
    fireEvent.keyDown(window, { key: "w", code: "KeyW" });
    await settled();
    expect(room().sent.at(-1)).toEqual({ type: "move", data: { w: true, s: false } });
    act(() => socket().say("session-ended", { sessionId: "s1", reason: "model_finished", message: "Done." }));
    await settled(A_FEW_FRAMES_MS);
    expect(screen.queryByRole("button", { name: "w" })).toBeNull();
    expect(seen.session.lastError).toBeNull();
  });
});
