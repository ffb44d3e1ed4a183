import { act, fireEvent, render, screen } from "@testing-library/react";
import { StrictMode, type ReactElement } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { WebcamStream, type WebcamStreamProps } from "../../src/index";
import { FakeRoom, freshBorder, granted, room, settled } from "../support/border";
import { Page } from "../support/session";

vi.mock("livekit-client", () => import("../support/livekit"));

class Camera extends EventTarget {
  readonly kind = "video";
  isOn = true;
  onended: (() => void) | null = null;
  stop(): void {
    this.isOn = false;
  }
}

class Devices extends EventTarget {
  readonly cameras: Camera[] = [];
  readonly asked: unknown[] = [];
  refusal: string | null = null;
  /** While set, the user has not answered. */
  question: Promise<void> | null = null;

  async getUserMedia(constraints: unknown): Promise<MediaStream> {
    this.asked.push(constraints);
    await this.question;
    if (this.refusal) throw new DOMException("no", this.refusal);
    const camera = new Camera();
    this.cameras.push(camera);
    return { getTracks: () => [camera], getVideoTracks: () => [camera] } as unknown as MediaStream;
  }

  enumerateDevices(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve([]);
  }
}

let devices: Devices;

beforeEach(() => {
  freshBorder();
  devices = new Devices();
  vi.stubGlobal("navigator", { mediaDevices: devices });
});

const page = (props: WebcamStreamProps = {}): ReactElement => (
  <Page>
    <WebcamStream {...props} />
  </Page>
);
const words = (): string => screen.getByRole("status").textContent;

describe("WebcamStream", () => {
  it("publishes the camera once the session is ready, and again after a new join", async () => {
    render(page());
    expect(words()).toBe("The camera starts");
    await granted();
    expect(words()).toBe("");
    expect(room().published).toEqual(devices.cameras);
    const first = room();
    act(() => first.emit("disconnected", 1));
    await granted();
    expect(room()).not.toBe(first);
    expect(room().published).toEqual(devices.cameras);
  });

  it("turns the camera's light off on unmount", async () => {
    const { rerender } = render(page());
    await granted();
    rerender(<Page />);
    await settled();
    expect(devices.cameras.map((camera) => camera.isOn)).toEqual([false]);
    expect(room().published).toEqual([]);
  });

  it("turns it off when it was unmounted before the user answered", async () => {
    let answer: () => void = () => undefined;
    devices.question = new Promise((resolve) => (answer = resolve));
    const { unmount } = render(page());
    await settled();
    unmount();
    answer();
    await settled();
    expect(devices.cameras.map((camera) => camera.isOn)).toEqual([false]);
  });

  it("asks the user once under StrictMode", async () => {
    render(<StrictMode>{page()}</StrictMode>);
    await granted();
    expect(devices.asked).toHaveLength(1);
    expect(room().published).toHaveLength(1);
  });

  it.each([
    ["NotAllowedError", "denied", "is blocked: allow it"],
    ["NotFoundError", "missing", "There is no camera"],
    ["OverconstrainedError", "missing", "can do what the page asks for"],
    ["NotReadableError", "busy", "is in use"],
    ["TypeError", "failed", "doesn't start"],
  ])("says what to do about %s", async (name, state, text) => {
    devices.refusal = name;
    const { container } = render(page());
    await settled();
    expect(words()).toContain(text);
    expect(container.querySelector("[data-state]")?.getAttribute("data-state")).toBe(state);
    devices.refusal = null;
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settled();
    expect(words()).toBe("");
  });

  it("says what works where the page is plain http: nobody answers there by https without a proxy", async () => {
    vi.stubGlobal("navigator", {});
    render(page());
    await settled();
    expect(words()).toContain("by https, which takes a proxy with a certificate");
    expect(words()).toContain(`http://localhost:${location.port}`);
    expect(words()).not.toContain("https://");
  });

  it("opens the camera again for other constraints, not for a new object", async () => {
    const { rerender } = render(page({ videoConstraints: { width: 320 } }));
    await granted();
    rerender(page({ videoConstraints: { width: 320 } }));
    await settled();
    expect(devices.asked).toEqual([{ video: { width: 320 } }]);
    rerender(page({ videoConstraints: { width: 640 } }));
    await settled();
    expect(devices.cameras.map((camera) => camera.isOn)).toEqual([false, true]);
    expect(room().published).toEqual([devices.cameras[1]]);
  });

  it("opens it again when a camera that was pulled out is back", async () => {
    render(page());
    await granted();
    act(() => devices.cameras[0]?.onended?.());
    expect(words()).toContain("disconnected");
    act(() => void devices.dispatchEvent(new Event("devicechange")));
    await settled();
    expect(words()).toBe("");
    expect(room().published).toEqual([devices.cameras[1]]);
  });

  it("shows nothing but problems without `showWebcam`", async () => {
    const { container } = render(page({ showWebcam: false }));
    await granted();
    expect(container.querySelector("video")).toBeNull();
    expect(container.querySelector<HTMLElement>(".reactor-webcam")?.hidden).toBe(true);
    expect(room().published).toHaveLength(1);
  });

  it("says that the model takes no camera", async () => {
    FakeRoom.forbids = new Error("insufficient permissions");
    render(page());
    await granted();
    expect(words()).toContain("does the model's manifest take one?");
  });
});
