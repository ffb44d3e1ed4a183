import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Reactor, type ReactorError, type ReactorOptions, type ReactorStatus } from "../../src/core/index";
import { FakeRoom, FakeSocket, freshBorder, granted, room, settled, socket } from "../support/border";

vi.mock("livekit-client", () => import("../support/livekit"));
beforeEach(freshBorder);

interface Watched {
  reactor: Reactor;
  statuses: ReactorStatus[];
  errors: ReactorError[];
}

function watched(options: Partial<ReactorOptions> = {}): Watched {
  const reactor = new Reactor({ modelName: "m", local: true, ...options });
  const [statuses, errors]: [ReactorStatus[], ReactorError[]] = [[], []];
  reactor.on("statusChanged", (status) => statuses.push(status));
  reactor.on("error", (error) => errors.push(error));
  void reactor.connect();
  onTestFinished(() => reactor.disconnect());
  return { reactor, statuses, errors };
}

describe("a session", () => {
  it("comes back by its token when the socket breaks, and sends what was said meanwhile", async () => {
    const { reactor, statuses } = watched();
    await granted();
    socket().drop();
    void reactor.sendCommand("go");
    await settled();
    expect(socket().received[0]?.data.resumeToken).toBe("resume-s1");
    socket().grant();
    await settled();
    expect(statuses).toEqual(["connecting", "ready", "connecting", "ready"]);
    expect(FakeRoom.all).toHaveLength(1);
    expect(room().sent).toContainEqual({ type: "go", data: {} });
  });

  it("tries again with longer pauses while nobody answers", async () => {
    watched();
    await granted();
    FakeSocket.isUp = false;
    socket().drop();
    await settled(450);
    // At once, then after 100 and 200 ms.
    expect(FakeSocket.all).toHaveLength(4);
  });

  it("waits again, at the end of the queue, when the socket of a waiting client breaks", async () => {
    const { reactor, statuses } = watched();
    await settled();
    socket().say("waiting-info", { position: 1, queueLength: 1, reason: "busy", progress: null });
    socket().drop();
    await settled();
    expect(FakeSocket.all).toHaveLength(2);
    socket().say("waiting-info", { position: 2, queueLength: 2, reason: "busy", progress: null });
    expect(statuses).toEqual(["connecting", "waiting", "connecting", "waiting"]);
    expect(reactor.getWaitingInfo()?.position).toBe(2);
  });

  it("pauses between joins that fail, and says in the end that it was LiveKit", async () => {
    const now = vi.spyOn(Date, "now");
    FakeRoom.refusal = new Error("could not reach ws://livekit?access_token=secret-token");
    const { errors, statuses } = watched();
    await granted();
    await granted();
    expect(FakeSocket.all).toHaveLength(2);
    now.mockReturnValue(Date.now() + 60_000);
    await settled(150);
    expect(errors.map(({ code }) => code)).toEqual(["GPU_CONNECTION_ERROR"]);
    expect(errors[0]?.message).not.toContain("secret-token");
    expect(statuses).toEqual(["connecting", "disconnected"]);
  });

  it("is left for good by `disconnect`, however often it is called", async () => {
    const { reactor } = watched();
    await granted();
    await reactor.disconnect();
    await reactor.disconnect();
    expect(socket().types).toEqual(["sessionSetup", "sessionEnd"]);
    expect(socket().closedWith).toBe(1000);
    void reactor.connect();
    await settled();
    expect(socket().received[0]?.data).not.toHaveProperty("resumeToken");
  });

  it("is kept by `disconnect(true)`: neither the coordinator nor LiveKit hears of an end", async () => {
    const { reactor } = watched();
    await granted();
    await reactor.disconnect(true);
    await settled();
    expect(socket().types).toEqual(["sessionSetup"]);
    expect(socket().closedWith).toBe(4000);
    expect(room().said).toEqual(["signal closed", "left"]);
    expect(reactor.getState()).toMatchObject({ status: "disconnected", sessionId: null, lastError: null });
    void reactor.connect();
    await granted();
    expect(socket().received[0]?.data.resumeToken).toBe("resume-s1");
    expect(reactor.getStatus()).toBe("ready");
  });

  it("that was kept and has ended gives way to another one", async () => {
    const { reactor, errors } = watched();
    await granted();
    await reactor.disconnect(true);
    void reactor.connect();
    await settled();
    socket().say("error", { code: "RESUME_FAILED", message: "gone", recoverable: false, component: "coordinator" });
    await granted("s2");
    expect(socket().received.map(({ data }) => data.resumeToken)).toEqual(["resume-s1", undefined]);
    expect(reactor.getState()).toMatchObject({ status: "ready", sessionId: "s2" });
    expect(errors).toEqual([]);
  });

  it("ends when the page goes, and is asked for again when it comes out of the browser's cache", async () => {
    const { reactor } = watched();
    await granted();
    window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    expect(socket().types).toEqual(["sessionSetup", "sessionEnd"]);
    expect(reactor.getStatus()).toBe("disconnected");
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    await granted("s2");
    expect(reactor.getStatus()).toBe("ready");
  });

  it("may be asked for again at once by whoever hears why there is none", async () => {
    const { reactor, statuses } = watched({ queueing: false });
    let isAnswered = false;
    reactor.on("error", () => void reactor.connect().then(() => (isAnswered = true)));
    await settled();
    socket().say("error", { code: "NO_CAPACITY", message: "busy", recoverable: true, component: "gpu" });
    await settled();
    expect(isAnswered).toBe(false);
    await granted();
    expect(isAnswered).toBe(true);
    expect(statuses).toEqual(["connecting", "disconnected", "connecting", "ready"]);
  });

  it.each(["NO_CAPACITY", "AUTHENTICATION_FAILED"])("passes the coordinator's errors through: %s", async (code) => {
    const { errors, reactor } = watched({ queueing: false });
    await settled();
    const data = { code, message: "busy", recoverable: true, component: "gpu", retryAfter: 3 };
    socket().say("error", data);
    expect(errors[0]).toMatchObject({ ...data, timestamp: expect.any(Number) as number });
    expect(reactor.getLastError()).toBe(errors[0]);
    void reactor.connect();
    expect(reactor.getLastError()).toBeNull();
  });

  it("forgets an error once it is ready", async () => {
    const { reactor } = watched();
    await settled();
    const failed = { code: "MODEL_LOADING_FAILED", message: "no", recoverable: true, component: "gpu" };
    socket().say("error", { ...failed, retryAfter: null });
    expect(reactor.getLastError()?.code).toBe("MODEL_LOADING_FAILED");
    await granted();
    expect(reactor.getLastError()).toBeNull();
  });

  const stream = (name: string): MediaStream =>
    ({ getVideoTracks: () => [{ kind: "video", id: name }] }) as unknown as MediaStream;

  it("takes back a camera that is still on its way", async () => {
    const { reactor } = watched();
    await granted();
    let arrive = (): void => undefined;
    FakeRoom.roundTrip = new Promise((resolve) => (arrive = resolve));
    const publishing = reactor.publishVideoStream(stream("a"));
    await settled();
    const leaving = reactor.unpublishVideoStream();
    arrive();
    await Promise.all([publishing, leaving]);
    expect(room().published).toEqual([]);
  });

  it("publishes one camera however quickly another one takes its place", async () => {
    const { reactor } = watched();
    await granted();
    await Promise.all(["a", "b", "c"].map((name) => reactor.publishVideoStream(stream(name))));
    expect(room().published.map(({ id }) => id)).toEqual(["c"]);
  });

  it("joins ahead when it is next, and shows the picture from its turn on", async () => {
    const { reactor, statuses } = watched();
    await settled();
    socket().say("waiting-info", { position: 1, queueLength: 1, reason: "busy", progress: null });
    const prepared = { livekitWsUrl: "ws://livekit", livekitJwtToken: "t", sessionId: "s1" };
    socket().say("room-prepared", prepared);
    await settled();
    room().show();
    expect(reactor.getState()).toMatchObject({ status: "waiting", videoTrack: null });
    socket().grant();
    expect(FakeRoom.all).toHaveLength(1);
    expect(statuses).toEqual(["connecting", "waiting", "ready"]);
    expect(reactor.getState().videoTrack).not.toBeNull();
  });

  it("can be asked for again by whoever hears of an error", async () => {
    const { reactor, statuses } = watched();
    reactor.on("error", () => void reactor.connect());
    await settled();
    socket().say("error", { code: "UNKNOWN_MODEL", message: "no", recoverable: false, component: "coordinator" });
    await granted();
    expect(statuses).toEqual(["connecting", "disconnected", "connecting", "ready"]);
  });

  it("writes no token anywhere", async () => {
    const written: unknown[] = [];
    for (const level of ["log", "debug", "info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...values) => void written.push(...values));
    }
    const { reactor, errors } = watched({ insecureApiKey: "secret-key", jwtToken: "secret-token" });
    await granted();
    socket().drop();
    await granted();
    void reactor.disconnect();
    expect(JSON.stringify([written, errors, reactor.getState()])).not.toMatch(/secret|resume-/);
    expect(JSON.stringify(FakeSocket.all.map(({ url }) => url))).not.toContain("secret");
  });
});
