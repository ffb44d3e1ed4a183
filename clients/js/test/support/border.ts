// The border of the SDK: the coordinator's sockets and LiveKit's rooms, played by the tests.

import { act } from "@testing-library/react";
import { vi } from "vitest";

/** The coordinator's end of a WebSocket. */
export class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  /** Whether anybody answers. */
  static isUp = true;

  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  readyState = 0;
  /** The code of the client's close frame. */
  closedWith: number | null = null;
  readonly received: { type: string; data: Record<string, unknown> }[] = [];

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
    queueMicrotask(() => {
      if (!FakeSocket.isUp) return this.onclose?.({ code: 1006, reason: "" });
      this.readyState = FakeSocket.OPEN;
      this.onopen?.();
    });
  }

  send(text: string): void {
    this.received.push(JSON.parse(text) as { type: string; data: Record<string, unknown> });
  }

  close(code = 1005): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.closedWith = code;
  }

  /** The network breaks it. */
  drop(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1006, reason: "" });
  }

  say(type: string, data: object): void {
    this.onmessage?.({ data: JSON.stringify({ type, data }) });
  }

  grant(sessionId = "s1"): void {
    const room = { livekitWsUrl: "ws://livekit", livekitJwtToken: "secret-token", sessionId };
    this.say("gpu-machine-assigned", { ...room, resumeToken: `resume-${sessionId}`, modelName: "m", expiresAt: null });
  }

  get types(): string[] {
    return this.received.map((message) => message.type);
  }
}

type Handler = (...values: never[]) => void;

/** LiveKit's room, as far as the SDK uses it. */
export class FakeRoom {
  static all: FakeRoom[] = [];
  /** What `connect` rejects with. */
  static refusal: Error | null = null;
  /** What publishing rejects with. */
  static forbids: Error | null = null;
  /** What publishing waits for. */
  static roundTrip: Promise<void> = Promise.resolve();

  readonly sent: unknown[] = [];
  readonly published: MediaStreamTrack[] = [];
  readonly said: string[] = [];
  readonly engine = { client: { close: () => Promise.resolve(void this.said.push("signal closed")) } };
  readonly localParticipant = {
    sendText: (text: string) => Promise.resolve(void this.sent.push((JSON.parse(text) as { data: unknown }).data)),
    publishTrack: async (track: MediaStreamTrack) => {
      if (FakeRoom.forbids) throw FakeRoom.forbids;
      await FakeRoom.roundTrip;
      this.published.push(track);
    },
    unpublishTrack: (track: MediaStreamTrack) => {
      const place = this.published.indexOf(track);
      if (place >= 0) this.published.splice(place, 1);
      return Promise.resolve();
    },
  };
  readonly #handlers: Record<string, Handler> = {};
  #onText: ((reader: { readAll: () => Promise<string> }) => void) | null = null;

  constructor() {
    FakeRoom.all.push(this);
  }

  on(event: string, handler: Handler): this {
    this.#handlers[event] = handler;
    return this;
  }

  emit(event: string, ...values: unknown[]): void {
    this.#handlers[event]?.(...(values as never[]));
  }

  registerTextStreamHandler(_topic: string, handler: (reader: { readAll: () => Promise<string> }) => void): void {
    this.#onText = handler;
  }

  connect(): Promise<void> {
    return FakeRoom.refusal ? Promise.reject(FakeRoom.refusal) : Promise.resolve();
  }

  disconnect(): Promise<void> {
    this.said.push("left");
    return Promise.resolve();
  }

  startAudio(): Promise<void> {
    return Promise.resolve();
  }

  /** The model or its runtime says something. */
  hear(message: object): void {
    this.#onText?.({ readAll: () => Promise.resolve(JSON.stringify(message)) });
  }

  /** The model's picture arrives. */
  show(): FakeTrack {
    const track = new FakeTrack();
    this.emit("trackSubscribed", track, { trackName: "reactor-video" });
    return track;
  }
}

export class FakeTrack {
  readonly kind = "video";
  readonly attached = new Set<HTMLMediaElement>();
  receiver = undefined;

  attach(element: HTMLMediaElement): HTMLMediaElement {
    this.attached.add(element);
    return element;
  }

  detach(element: HTMLMediaElement): HTMLMediaElement {
    this.attached.delete(element);
    return element;
  }
}

/** Begin a test with an empty border. */
export function freshBorder(): void {
  FakeSocket.all = [];
  FakeSocket.isUp = true;
  FakeRoom.all = [];
  FakeRoom.refusal = FakeRoom.forbids = null;
  FakeRoom.roundTrip = Promise.resolve();
  vi.stubGlobal("WebSocket", FakeSocket);
}

/** The latest socket. */
export function socket(): FakeSocket {
  return last(FakeSocket.all, "socket");
}

/** The latest room. */
export function room(): FakeRoom {
  return last(FakeRoom.all, "room");
}

/** Let everything that is due happen. */
export async function settled(ms = 0): Promise<void> {
  await act(() => new Promise((resolve) => setTimeout(resolve, ms)));
}

/** Grant the session that was asked for and let the page join. */
export async function granted(sessionId?: string): Promise<void> {
  await settled();
  act(() => socket().grant(sessionId));
  await settled();
}

function last<Kind>(all: readonly Kind[], what: string): Kind {
  const found = all.at(-1);
  if (!found) throw new Error(`There is no ${what}.`);
  return found;
}
