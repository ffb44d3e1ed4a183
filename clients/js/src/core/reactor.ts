import { socketUrl } from "./address";
import { decodableCodecs } from "./codecs";
import { Conversation, publishFailed } from "./conversation";
import { Emitter } from "./emitter";
import { ReactorError, textOf } from "./errors";
import type { MediaTrack } from "./mediaRoom";
import { PlaybackMeter, type PlaybackStats } from "./playback";
import {
  isCapabilities,
  MAX_MESSAGE_BYTES,
  parseModelText,
  type Capabilities,
  type CommandError,
  type Message,
  type RuntimeNotice,
  type RuntimeStats,
  type SessionEnded,
  type SessionExpiration,
  type WaitingInfo,
} from "./protocol";

export type ReactorStatus = "disconnected" | "connecting" | "waiting" | "ready";

export interface ReactorOptions {
  /** The model asked for; a coordinator with one model serves that one. */
  modelName: string;
  modelVersion?: string;
  /** Accepted from front ends written for a hosted service; a local coordinator asks for none. */
  insecureApiKey?: string;
  /** Wait while another client has the model. Default: true with `local`, else false. */
  queueing?: boolean;
  /** The coordinator: ws, wss, http or https, with or without `/ws`. */
  coordinatorUrl?: string;
  /** The coordinator on this machine, `ws://localhost:8080/ws`. */
  local?: boolean;
}

/** What was measured over the last second. */
export interface ReactorStats {
  /** What this browser shows; null without a picture. */
  playback: PlaybackStats | null;
  /** What the runtime produces; null before its first word. */
  runtime: RuntimeStats | null;
}

export interface ReactorEvents {
  statusChanged: ReactorStatus;
  waitingInfoChanged: WaitingInfo | null;
  newMessage: unknown;
  fps: number;
  streamChanged: MediaTrack | null;
  audioChanged: MediaTrack | null;
  error: ReactorError;
  sessionExpirationChanged: SessionExpiration | null;
  sessionEnded: SessionEnded;
  commandError: CommandError;
  capabilitiesChanged: Capabilities | null;
  stats: ReactorStats;
}

export interface ReactorState {
  status: ReactorStatus;
  waitingInfo: WaitingInfo | null;
  lastError: ReactorError | null;
  sessionId: string | null;
}

// A burst of messages while a lost session comes back; more are refused.
const MOST_HELD = 1_000;
const STATS_INTERVAL_MS = 1_000;

/** A viewer of a Reactor model: one session at a time. */
export class Reactor {
  readonly #options: ReactorOptions;
  readonly #events = new Emitter<ReactorEvents>();
  #conversation: Conversation | null = null;
  #settled: (() => void)[] = [];
  #status: ReactorStatus = "disconnected";
  #waitingInfo: WaitingInfo | null = null;
  #lastError: ReactorError | null = null;
  #sessionId: string | null = null;
  #video: MediaTrack | null = null;
  #runtimeStats: RuntimeStats | null = null;
  #meter: ReturnType<typeof setInterval> | null = null;
  #held: string[] = [];
  readonly #inputs: Record<"video" | "audio", MediaStreamTrack | null> = { video: null, audio: null };

  constructor(options: ReactorOptions) {
    this.#options = options;
  }

  on<Name extends keyof ReactorEvents>(event: Name, handler: (value: ReactorEvents[Name]) => void): () => void {
    return this.#events.on(event, handler);
  }

  off<Name extends keyof ReactorEvents>(event: Name, handler: (value: ReactorEvents[Name]) => void): void {
    this.#events.off(event, handler);
  }

  getStatus(): ReactorStatus {
    return this.#status;
  }

  getState(): ReactorState {
    return {
      status: this.#status,
      waitingInfo: this.#waitingInfo,
      lastError: this.#lastError,
      sessionId: this.#sessionId,
    };
  }

  getWaitingInfo(): WaitingInfo | null {
    return this.#waitingInfo;
  }

  getLastError(): ReactorError | null {
    return this.#lastError;
  }

  /** Ask for a session. Resolves when it is ready or has failed: `getStatus()` and `getLastError()` say which. */
  connect(): Promise<void> {
    if (this.#conversation) return this.#untilSettled();
    this.#lastError = null;
    const { modelName, modelVersion = "", coordinatorUrl, local = false, queueing = local } = this.#options;
    let url: string;
    try {
      url = socketUrl(coordinatorUrl, local);
    } catch (cause) {
      this.#fail(new ReactorError("COORDINATOR_CONNECTION_ERROR", textOf(cause), { component: "client" }));
      return Promise.resolve();
    }
    const setup = { modelName, modelVersion, queueing, prepared: true as const, videoCodecs: decodableCodecs() };
    const conversation: Conversation = new Conversation(url, setup, {
      onStatus: (status, waiting) => this.#setStatus(status, waiting),
      onGrant: (grant) => (this.#sessionId = grant.sessionId),
      onExpiration: (expiration) => this.#events.emit("sessionExpirationChanged", expiration),
      onTrack: (kind, track) => this.#onTrack(kind, track),
      onText: (text) => this.#onText(text),
      onError: (error) => this.#fail(error),
      onEnd: ({ error, ended }) => this.#onEnd(error, ended),
    });
    this.#conversation = conversation;
    for (const track of Object.values(this.#inputs)) if (track) void conversation.publish(track);
    const settled = this.#untilSettled();
    void conversation.start();
    return settled;
  }

  /** Leave: the model is free for the next client at once. A second call does nothing. */
  disconnect(): Promise<void> {
    this.#conversation?.leave();
    return Promise.resolve();
  }

  /** Send a message to the model; messages arrive in the order of the calls. What can't be sent is told by `error`. */
  sendMessage(message: Message): Promise<void> {
    let text: string;
    try {
      text = JSON.stringify({ type: "application", data: message });
    } catch (cause) {
      return this.#notSent(`The message isn't JSON: ${textOf(cause)}`);
    }
    const size = new TextEncoder().encode(text).length;
    if (size > MAX_MESSAGE_BYTES) {
      return this.#notSent(`The message has ${size} bytes; at most ${MAX_MESSAGE_BYTES} are taken.`);
    }
    const room = this.#conversation?.room;
    if (room) return room.send(text).catch((cause: unknown) => this.#notSent(textOf(cause)));
    if (!this.#conversation?.isGranted || this.#held.length >= MOST_HELD) {
      return this.#notSent(`There is no session yet (${this.#status}): wait for the status "ready".`);
    }
    this.#held.push(text); // it goes out when the session is back
    return Promise.resolve();
  }

  /** Have the model run a command. A refusal is told by `commandError`. */
  sendCommand(name: string, data: object = {}): Promise<void> {
    return this.sendMessage({ type: name, data });
  }

  /** Send a camera to a model that takes one, now or as soon as the session is ready. */
  publishVideoStream(stream: MediaStream): Promise<void> {
    return this.#publish("video", stream.getVideoTracks()[0]);
  }

  unpublishVideoStream(): Promise<void> {
    return this.#unpublish("video");
  }

  /** Send a microphone to a model that takes one, now or as soon as the session is ready. */
  publishAudioStream(stream: MediaStream): Promise<void> {
    return this.#publish("audio", stream.getAudioTracks()[0]);
  }

  unpublishAudioStream(): Promise<void> {
    return this.#unpublish("audio");
  }

  /** Let the model be heard where the page had to start silent; call it from a click. */
  async startAudio(): Promise<void> {
    await this.#conversation?.room?.startAudio();
  }

  #untilSettled(): Promise<void> {
    if (this.#status === "ready") return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #setStatus(status: ReactorStatus, waiting: WaitingInfo | null): void {
    const changed = status !== this.#status;
    this.#status = status;
    if (waiting !== this.#waitingInfo) {
      this.#waitingInfo = waiting;
      this.#events.emit("waitingInfoChanged", waiting);
    }
    if (!changed) return;
    if (status === "ready") this.#onReady();
    this.#events.emit("statusChanged", status);
    if (status === "ready" || status === "disconnected") for (const settle of this.#settled.splice(0)) settle();
  }

  #onReady(): void {
    const room = this.#conversation?.room;
    const ask = JSON.stringify({ type: "application", data: { type: "requestCapabilities", data: {} } });
    for (const text of [ask, ...this.#held.splice(0)]) {
      void room?.send(text).catch((cause: unknown) => this.#notSent(textOf(cause)));
    }
    this.#meter ??= setInterval(this.#measure(), STATS_INTERVAL_MS);
  }

  #onTrack(kind: "video" | "audio", track: MediaTrack | null): void {
    if (kind === "audio") return this.#events.emit("audioChanged", track);
    if (track === this.#video) return;
    this.#video = track;
    this.#events.emit("streamChanged", track);
  }

  #onText(text: string): void {
    const message = parseModelText(text);
    if (!message) return;
    if (message.type === "runtime") return this.#onNotice(message.data);
    if (isCapabilities(message.data)) this.#events.emit("capabilitiesChanged", message.data);
    else this.#events.emit("newMessage", message.data);
  }

  #onNotice(notice: RuntimeNotice): void {
    if (notice.type === "commandError") this.#events.emit("commandError", notice.data);
    if (notice.type === "stats") this.#runtimeStats = notice.data;
  }

  #onEnd(error: ReactorError | undefined, ended: SessionEnded | undefined): void {
    this.#conversation = null;
    this.#held = [];
    if (this.#meter !== null) clearInterval(this.#meter);
    this.#meter = null;
    this.#runtimeStats = null;
    this.#onTrack("video", null);
    if (error) this.#fail(error);
    if (ended) this.#events.emit("sessionEnded", ended);
    this.#sessionId = null;
    this.#events.emit("capabilitiesChanged", null);
    this.#events.emit("sessionExpirationChanged", null);
    this.#setStatus("disconnected", null);
  }

  #fail(error: ReactorError): void {
    this.#lastError = error;
    this.#events.emit("error", error);
  }

  #notSent(why: string): Promise<void> {
    this.#fail(new ReactorError("MESSAGE_SEND_FAILED", why, { recoverable: true }));
    return Promise.resolve();
  }

  async #publish(kind: "video" | "audio", track: MediaStreamTrack | undefined): Promise<void> {
    if (!track) {
      return this.#fail(new ReactorError("VIDEO_PUBLISH_FAILED", `The stream has no ${kind} track.`));
    }
    await this.#unpublish(kind);
    this.#inputs[kind] = track;
    try {
      await this.#conversation?.publish(track);
    } catch (cause) {
      this.#inputs[kind] = null;
      this.#fail(publishFailed(track, cause));
    }
  }

  async #unpublish(kind: "video" | "audio"): Promise<void> {
    const track = this.#inputs[kind];
    this.#inputs[kind] = null;
    if (track) await this.#conversation?.unpublish(track);
  }

  #measure(): () => void {
    const meter = new PlaybackMeter();
    return () => void this.#tell(meter);
  }

  async #tell(meter: PlaybackMeter): Promise<void> {
    const report = await this.#video?.receiver?.getStats();
    if (this.#meter === null) return;
    const playback = report ? meter.read(report) : null;
    if (playback) this.#events.emit("fps", playback.fps);
    this.#events.emit("stats", { playback, runtime: this.#runtimeStats });
  }
}
