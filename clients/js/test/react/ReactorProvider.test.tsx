import { act, render, screen } from "@testing-library/react";
import { StrictMode, type ReactElement } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ReactorProvider, useReactor, type ReactorStore } from "../../src/index";
import { FakeRoom, FakeSocket, freshBorder, granted, room, settled, socket } from "../support/border";

vi.mock("livekit-client", () => import("../support/livekit"));
beforeEach(freshBorder);

let session: ReactorStore;

function Probe(): ReactElement {
  const status = useReactor((store) => store.status);
  session = useReactor((store) => store);
  return <output>{status}</output>;
}

const page = (props: Partial<Parameters<typeof ReactorProvider>[0]> = {}): ReactElement => (
  <ReactorProvider modelName="m" local {...props}>
    <Probe />
  </ReactorProvider>
);

describe("ReactorProvider", () => {
  it("connects on mount with `local` and nothing else", async () => {
    render(page());
    await granted();
    expect(socket().url).toBe("ws://localhost:8080/ws");
    expect(socket().received[0]).toMatchObject({
      type: "sessionSetup",
      data: { modelName: "m", queueing: true, prepared: true },
    });
    expect(screen.getByRole("status").textContent).toBe("ready");
    expect(session.sessionId).toBe("s1");
  });

  it("asks for one session under StrictMode", async () => {
    render(<StrictMode>{page()}</StrictMode>);
    await granted();
    expect(FakeSocket.all).toHaveLength(1);
    expect(FakeRoom.all).toHaveLength(1);
    expect(socket().types).toEqual(["sessionSetup"]);
  });

  it("leaves on unmount", async () => {
    const { unmount } = render(page());
    await granted();
    unmount();
    await settled();
    expect(socket().types).toEqual(["sessionSetup", "sessionEnd"]);
    expect(room().said).toEqual(["left"]);
  });

  it("waits for `connect` without `autoConnect`", async () => {
    render(page({ autoConnect: false }));
    await settled();
    expect(FakeSocket.all).toHaveLength(0);
    void session.connect();
    await granted();
    expect(session.status).toBe("ready");
  });

  it("ends the session before it asks for another model's", async () => {
    const { rerender } = render(page());
    await granted();
    const first = socket();
    const said: string[] = [];
    first.close = () => said.push(`closed; sockets: ${FakeSocket.all.length}`);
    rerender(page({ modelName: "other" }));
    await granted("s2");
    expect(first.types).toEqual(["sessionSetup", "sessionEnd"]);
    expect(said).toEqual(["closed; sockets: 1"]);
    expect(FakeSocket.all).toHaveLength(2);
    expect(socket().received[0]?.data.modelName).toBe("other");
    expect(session.sessionId).toBe("s2");
  });

  it("keeps the session where a render changes nothing", async () => {
    const { rerender } = render(page());
    await granted();
    rerender(page({ insecureApiKey: "a new key", jwtToken: "a new token" }));
    await settled();
    expect(FakeSocket.all).toHaveLength(1);
    expect(socket().types).toEqual(["sessionSetup"]);
  });

  it("bears a second provider on the page", async () => {
    const seen: Record<string, string | null> = {};
    const Name = ({ name }: { name: string }): null => {
      seen[name] = useReactor((store) => store.sessionId);
      return null;
    };
    render(
      <>
        <ReactorProvider modelName="a" local>
          <Name name="a" />
        </ReactorProvider>
        <ReactorProvider modelName="b" local>
          <Name name="b" />
        </ReactorProvider>
      </>,
    );
    await settled();
    const [first, second] = FakeSocket.all;
    act(() => first?.grant("one"));
    act(() => second?.grant("two"));
    await settled();
    expect(seen).toEqual({ a: "one", b: "two" });
  });
});
