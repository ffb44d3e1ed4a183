import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";
import { ReactorView } from "../../src/index";
import { FakeSocket, FakeTrack, freshBorder, granted, room, settled, socket } from "../support/border";
import { Page, seen } from "../support/session";

vi.mock("livekit-client", () => import("../support/livekit"));

let play: MockInstance<HTMLMediaElement["play"]>;

beforeEach(() => {
  freshBorder();
  play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
});

const words = (): string => screen.getByRole("status").textContent;
const video = (): HTMLVideoElement => screen.getByLabelText("The model's picture");

function shown(): void {
  render(
    <Page>
      <ReactorView className="mine" width={640} videoObjectFit="cover" />
    </Page>,
  );
}

describe("ReactorView", () => {
  it("says how long it waits, and for what", async () => {
    shown();
    expect(words()).toBe("Connecting");
    await settled();
    act(() => socket().say("waiting-info", { position: 2, queueLength: 3, reason: "busy", progress: null }));
    expect(words()).toBe("Number 2 of 3 in lineThe model is in use.");
    act(() => socket().say("waiting-info", { position: 1, queueLength: 3, reason: "stopping", progress: null }));
    expect(words()).toBe("You are nextThe model is getting ready.");
    act(() => socket().say("waiting-info", { position: 1, queueLength: 1, reason: "loading", progress: 0.5 }));
    expect(words()).toBe("The model is loading");
    expect(screen.getByRole<HTMLProgressElement>("progressbar").value).toBe(0.5);
  });

  it("tells a failed load while it waits, until the model loads again", async () => {
    shown();
    await settled();
    const failed = { code: "MODEL_LOADING_FAILED", message: "no such file", recoverable: true, retryAfter: null };
    act(() => socket().say("waiting-info", { position: 1, queueLength: 1, reason: "loading", progress: null }));
    act(() => socket().say("error", { ...failed, component: "gpu" }));
    expect(words()).toContain("no such file");
    act(() => socket().say("waiting-info", { position: 1, queueLength: 1, reason: "loading", progress: 0 }));
    expect(words()).toBe("The model is loading");
  });

  it("covers the video until a frame is on the screen", async () => {
    shown();
    await granted();
    const track = new FakeTrack();
    act(() => room().emit("trackSubscribed", track, { trackName: "reactor-video" }));
    expect(track.attached.has(video())).toBe(true);
    expect(words()).toBe("Waiting for the first picture");
    fireEvent(video(), new Event("loadeddata"));
    expect(words()).toBe("");
  });

  it("covers it again while it reconnects", async () => {
    shown();
    await granted();
    act(() => void room().show());
    fireEvent(video(), new Event("loadeddata"));
    act(() => room().hear({ type: "application", data: { commands: {}, schemaVersion: 1 } }));
    await settled();
    act(() => room().emit("reconnecting"));
    expect(words()).toBe("Reconnecting");
    act(() => room().emit("reconnected"));
    expect(words()).toBe("");
  });

  it("says why there is no connection, and connects again on a click", async () => {
    FakeSocket.isUp = false;
    shown();
    await settled();
    expect(words()).toContain("is `reactor run` up?");
    FakeSocket.isUp = true;
    fireEvent.click(screen.getByRole("button", { name: "Connect again" }));
    await granted();
    expect(words()).toBe("Waiting for the first picture");
  });

  it("says how the session ended, and starts another on a click", async () => {
    shown();
    await granted();
    act(() => socket().say("session-ended", { sessionId: "s1", reason: "model_error", message: "ValueError: no" }));
    await settled();
    expect(words()).toBe("The session has endedValueError: no");
    fireEvent.click(screen.getByRole("button", { name: "Start again" }));
    await granted("s2");
    expect(words()).toBe("Waiting for the first picture");
  });

  it("says how the session ended after something in it couldn't be sent", async () => {
    shown();
    await granted();
    await act(() => seen.session.sendCommand("add", { apples: 1n }));
    expect(seen.session.lastError?.code).toBe("MESSAGE_SEND_FAILED");
    act(() => socket().say("session-ended", { sessionId: "s1", reason: "model_finished", message: "Done." }));
    await settled();
    expect(words()).toBe("The session has endedDone.");
  });

  it("asks for a click where the browser keeps the sound back", async () => {
    shown();
    await granted();
    const sound = Object.assign(new FakeTrack(), { kind: "audio" });
    play.mockImplementation(function (this: HTMLMediaElement) {
      this.srcObject = {} as MediaStream;
      return this instanceof HTMLAudioElement
        ? Promise.reject(new DOMException("no gesture", "NotAllowedError"))
        : Promise.resolve();
    });
    act(() => room().emit("trackSubscribed", sound, { trackName: "sound" }));
    await settled();
    play.mockResolvedValue();
    play.mockClear();
    fireEvent.click(screen.getByRole("button", { name: "Play" }));
    expect(play).toHaveBeenCalled();
    expect(screen.queryByRole("button", { name: "Play" })).toBeNull();
  });

  it("asks for no click any more when what would play is gone", async () => {
    play.mockRejectedValue(new DOMException("no gesture", "NotAllowedError"));
    shown();
    await granted();
    act(() => void room().show());
    expect(await screen.findByRole("button", { name: "Play" })).toBeDefined();
    act(() => socket().say("session-ended", { sessionId: "s1", reason: "model_finished", message: "Done." }));
    await settled();
    expect(screen.queryByRole("button", { name: "Play" })).toBeNull();
  });

  it("takes the app's size and classes", () => {
    shown();
    const view = video().parentElement;
    expect(view?.className).toBe("reactor-view mine");
    expect(view?.style.width).toBe("640px");
    expect(video().style.objectFit).toBe("cover");
    expect(video().muted).toBe(true);
  });
});
