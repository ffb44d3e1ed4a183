import { socketUrl } from "./address";
import { decodableCodecs } from "./codecs";
import { Conversation, publishFailed } from "./conversation";
import { Emitter } from "./emitter";
import { ReactorError, textOf } from "./errors";
import type { MediaKind } from "./mediaRoom";
import { PlaybackMeter } from "./playback";
import {
  isCapabilities,
  MAX_MESSAGE_BYTES,
  parseModelText,
  type Grant,
  type Message,
  type RuntimeNotice,
  type RuntimeStats,
  type WaitingInfo,
} from "./protocol";
import { CHANGES, INITIAL, NOTHING, type ReactorEvents, type ReactorState, type ReactorStatus } from "./state";

export interface ReactorOptions {
  /** The model asked for; a coordinator with one model serves that one. */
  modelName: string;
  modelVersion?: string | undefined;
  /** Accepted from front ends written for a hosted service; a coordinator of ours asks for none. */
  insecureApiKey?: string | undefined;
  /** As `insecureApiKey`. */
  jwtToken?: string | undefined;
  /** Wait while another client has the model. Default: true with `local`, else false. */
  queueing?: boolean | undefined;
  /** The coordinator: ws, wss, http or https, with or without `/ws`. */
  coordinatorUrl?: string | undefined;
  /** The coordinator on this machine, `ws://localhost:8080/ws`. */
  local?: boolean | undefined;
}

// A burst of messages while a lost session comes back; more are refused.
const MOST_HELD = 1_000;
const STATS_INTERVAL_MS = 1_000;

/** A viewer of a Reactor model: one session at a time. */
export class Reactor {
  /** Read at each `connect()`; to change them, disconnect first. */
  options: ReactorOptions;
  readonly #events = new Emitter<ReactorEvents>();
  #state = INITIAL;
  #conversation: Conversation | null = null;
  /** The session that `disconnect(true)` left to be resumed. */
  #kept: Grant | null = null;
  #settled: (() => void)[] = [];
  #runtimeStats: RuntimeStats | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #held: string[] = [];
  /** Published now, and after every new join. */
  readonly #inputs = new Map<MediaKind, MediaStreamTrack>();

  constructor(options: ReactorOptions) {
    this.options = options;
  }

  on<Name extends keyof ReactorEvents>(event: Name, handler: (value: ReactorEvents[Name]) => void): () => void {
    return this.#events.on(event, handler);
  }

  off<Name extends keyof ReactorEvents>(event: Name, handler: (value: ReactorEvents[Name]) => void): void {
    this.#events.off(event, handler);
  }

  getState(): ReactorState {
    return this.#state;
  }

  getStatus(): ReactorStatus {
    return this.#state.status;
  }

  getWaitingInfo(): WaitingInfo | null {
    return this.#state.waitingInfo;
  }

  getLastError(): ReactorError | null {
    return this.#state.lastError;
  }

  /**
   * Ask for a session, or come back to the one that `disconnect(true)` kept. Resolves when it is ready or has failed:
   * `getStatus()` and `getLastError()` say which.
   */
  connect(): Promise<void> {
    if (this.#conversation) return this.#untilSettled();
    this.#set(INITIAL);
    const { modelName, modelVersion = "", coordinatorUrl, local = false, queueing = local } = this.options;
    let url: string;
    try {
      url = socketUrl(coordinatorUrl, local);
    } catch (cause) {
      return this.#fail(new ReactorError("COORDINATOR_CONNECTION_ERROR", textOf(cause)));
    }
    const setup = { modelName, modelVersion, queueing, prepared: true as const, videoCodecs: decodableCodecs() };
    const listener = {
      onChange: (change: Partial<ReactorState>) => this.#set(change),
      onText: (text: string) => this.#onText(text),
      onEnd: (end: Partial<ReactorState>) => this.#onEnd(end),
    };
    const conversation = new Conversation(url, setup, this.#inputs, listener, this.#kept?.resumeToken);
    this.#kept = null;
    this.#conversation = conversation;
    const settled = this.#untilSettled();
    globalThis.addEventListener("pagehide", this.#onPageHide);
    void conversation.start();
    return settled;
  }

  /**
   * Leave: the model is free for the next client at once. A second call does nothing.
   *
   * @param recoverable keep the session for the next `connect()`; the coordinator does so for 30 s, for 3 s while
   *   somebody waits, where it isn't told otherwise.
   */
  disconnect(recoverable = false): Promise<void> {
    const kept = this.#conversation?.leave(recoverable) ?? null;
    this.#kept = recoverable ? (kept ?? this.#kept) : null;
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
      return this.#notSent(`There is no session yet (${this.#state.status}): wait for the status "ready".`);
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
    return this.#replace("video");
  }

  /** Send a microphone to a model that takes one, now or as soon as the session is ready. */
  publishAudioStream(stream: MediaStream): Promise<void> {
    return this.#publish("audio", stream.getAudioTracks()[0]);
  }

  unpublishAudioStream(): Promise<void> {
    return this.#replace("audio");
  }

  /** Let the model be heard where the page had to start silent; call it from a click. */
  async startAudio(): Promise<void> {
    await this.#conversation?.room?.startAudio();
  }

  #untilSettled(): Promise<void> {
    if (this.#state.status === "ready") return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #set(change: Partial<ReactorState>): void {
    const old = this.#state;
    const now = (this.#state = { ...old, ...change });
    if (now.status !== old.status) this.#onStatus(now.status);
    this.#events.emit("stateChanged", now);
    for (const [name, event, always] of CHANGES) {
      if (now[name] !== old[name] && (always || now[name])) this.#events.emit(event, now[name]);
    }
  }

  #onStatus(status: ReactorStatus): void {
    if (status === "ready") this.#onReady();
    if (status === "ready" || status === "disconnected") for (const settle of this.#settled.splice(0)) settle();
  }

  #onReady(): void {
    const room = this.#conversation?.room;
    const ask = JSON.stringify({ type: "application", data: { type: "requestCapabilities", data: {} } });
    for (const text of [ask, ...this.#held.splice(0)]) {
      void room?.send(text).catch((cause: unknown) => this.#notSent(textOf(cause)));
    }
    const meter = new PlaybackMeter();
    this.#timer ??= setInterval(() => void this.#measure(meter), STATS_INTERVAL_MS);
  }

  #onText(text: string): void {
    const message = parseModelText(text);
    if (!message) return;
    if (message.type === "runtime") return this.#onNotice(message.data);
    if (isCapabilities(message.data)) this.#set({ capabilities: message.data });
    else this.#events.emit("newMessage", message.data);
  }

  #onNotice({ type, data }: RuntimeNotice): void {
    if (type === "stats") this.#runtimeStats = data;
    if (type === "commandError") this.#set({ commandError: data });
  }

  #onEnd(end: Partial<ReactorState>): void {
    this.#conversation = this.#runtimeStats = null;
    this.#held = [];
    clearInterval(this.#timer);
    this.#timer = undefined;
    globalThis.removeEventListener("pagehide", this.#onPageHide);
    this.#set({ ...NOTHING, ...end });
  }

  /** A page that goes frees the model at once; one that comes back from the browser's cache asks for it again. */
  readonly #onPageHide = (event: PageTransitionEvent): void => {
    void this.disconnect();
    if (event.persisted) globalThis.addEventListener("pageshow", () => void this.connect(), { once: true });
  };

  #fail(lastError: ReactorError): Promise<void> {
    this.#set({ lastError });
    return Promise.resolve();
  }

  #notSent(why: string): Promise<void> {
    return this.#fail(new ReactorError("MESSAGE_SEND_FAILED", why, { recoverable: true }));
  }

  async #publish(kind: MediaKind, track: MediaStreamTrack | undefined): Promise<void> {
    if (!track) {
      return this.#fail(new ReactorError("VIDEO_PUBLISH_FAILED", `The stream has no ${kind} track.`));
    }
    await this.#replace(kind, track);
    const isCurrent = (): boolean => this.#inputs.get(kind) === track; // or another one has come meanwhile
    try {
      if (isCurrent()) await this.#conversation?.room?.publish(track);
    } catch (cause) {
      if (!isCurrent()) return;
      this.#inputs.delete(kind);
      return this.#fail(publishFailed(track, cause));
    }
  }

  async #replace(kind: MediaKind, track?: MediaStreamTrack): Promise<void> {
    const old = this.#inputs.get(kind);
    if (track) this.#inputs.set(kind, track);
    else this.#inputs.delete(kind);
    if (old && old !== track) await this.#conversation?.room?.unpublish(old);
  }

  async #measure(meter: PlaybackMeter): Promise<void> {
    const report = await this.#state.videoTrack?.receiver?.getStats();
    if (!this.#timer) return;
    const playback = report ? meter.read(report) : null;
    if (playback) this.#events.emit("fps", playback.fps);
    this.#set({ stats: { playback, runtime: this.#runtimeStats } });
  }
}
