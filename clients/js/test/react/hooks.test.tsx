import { act, render } from "@testing-library/react";
import { useState, type ReactElement } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useReactor, useReactorMessage, useReactorStats } from "../../src/index";
import { freshBorder, granted, room, settled, socket } from "../support/border";
import { Page } from "../support/session";

vi.mock("livekit-client", () => import("../support/livekit"));
beforeEach(freshBorder);

describe("useReactor", () => {
  it("renders again only when the chosen entries change", async () => {
    let renders = 0;
    const Chooser = (): null => {
      useReactor(({ status, sessionId }) => ({ status, sessionId }));
      renders++;
      return null;
    };
    render(
      <Page>
        <Chooser />
      </Page>,
    );
    await granted();
    const before = renders;
    act(() => room().hear({ type: "runtime", data: { type: "commandError", data: { command: "c", errors: [] } } }));
    act(() => socket().say("session-expiration", { expiresAt: 1, secondsLeft: 1 }));
    await settled();
    expect(renders).toBe(before);
  });

  it("tells capabilities and a command's error without being asked again", async () => {
    const found: unknown[] = [];
    const Reader = (): null => {
      const [capabilities, error] = useReactor((session) => [session.capabilities, session.commandError]);
      found.push([capabilities?.commands, error?.code]);
      return null;
    };
    render(
      <Page>
        <Reader />
      </Page>,
    );
    await granted();
    const asked = (): unknown[] => room().sent.filter((sent) => JSON.stringify(sent).includes("requestCapabilities"));
    act(() => room().hear({ type: "application", data: { commands: {}, schemaVersion: 1 } }));
    act(() => room().hear({ type: "runtime", data: { type: "commandError", data: { code: "UNKNOWN_COMMAND" } } }));
    await settled(50);
    expect(found.at(-1)).toEqual([{}, "UNKNOWN_COMMAND"]);
    expect(asked()).toHaveLength(1);
  });

  it("says what is missing outside of a provider", () => {
    const Lost = (): null => {
      useReactorStats();
      return null;
    };
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(() => render(<Lost />)).toThrow("<ReactorProvider>");
  });
});

describe("useReactorMessage", () => {
  it("calls the handler of the last render, once a message", async () => {
    const heard: unknown[] = [];
    let choose: (name: string) => void = () => undefined;
    const Listener = (): ReactElement => {
      const [name, setName] = useState("first");
      choose = setName;
      useReactorMessage((message) => heard.push([name, message]));
      return <p>{name}</p>;
    };
    render(
      <Page>
        <Listener />
      </Page>,
    );
    await granted();
    await act(() => Promise.resolve(room().hear({ type: "application", data: 1 })));
    act(() => choose("second"));
    await act(() => Promise.resolve(room().hear({ type: "application", data: 2 })));
    expect(heard).toEqual([
      ["first", 1],
      ["second", 2],
    ]);
  });
});
