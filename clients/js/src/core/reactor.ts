import { socketUrl } from "./address";
import { decodableCodecs } from "./codecs";
import { Conversation, publishFailed, type ConversationEnd, type MediaKind } from "./conversation";
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
  type Grant,
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

/** What was measured over the last second. */
export interface ReactorStats {
  /** What this browser shows; null without a picture. */
  playback: PlaybackStats | null;
  /** What the runtime produces; null before its first word. */
  runtime: RuntimeStats | null;
}

export interface ReactorEvents {
  /** Anything of `getState()` has changed; told before the event that says what. */
  stateChanged: ReactorState;
  statusChanged: ReactorStatus;
  waitingInfoChanged: WaitingInfo;
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
  readonly status: ReactorStatus;
  /** The place in the queue, while the status is "waiting". */
  readonly waitingInfo: WaitingInfo | null;
  /** What went wrong since `connect()`; null again once the session is ready. */
  readonly lastError: ReactorError | null;
  readonly videoTrack: MediaTrack | null;
  readonly audioTrack: MediaTrack | null;
  readonly sessionId: string | null;
  readonly sessionExpiration: SessionExpiration | null;
  /** The model's commands; null until it has told them. */
  readonly capabilities: Capabilities | null;
  readonly stats: ReactorStats | null;
  /** The last command that was refused or failed in this session. */
  readonly commandError: CommandError | null;
  /** How the last session ended, where somebody else ended it; null from the next `connect()` on. */
  readonly sessionEnded: SessionEnded | null;
}

const NOTHING = {
  waitingInfo: null,
  videoTrack: null,
  audioTrack: null,
  sessionId: null,
  sessionExpiration: null,
  capabilities: null,
  stats: null,
} satisfies Partial<ReactorState>;

// A burst of messages while a lost session comes back; more are refused.
const MOST_HELD = 1_000;
const STATS_INTERVAL_MS = 1_000;
const AUDIO = ["audioTrack", "audioChanged"] as const;

/** A viewer of a Reactor model: one session at a time. */
export class Reactor {
  /** Read at each `connect()`; to change them, disconnect first. */
  options: ReactorOptions;
  readonly #events = new Emitter<ReactorEvents>();
  #state: ReactorState = {
    ...NOTHING,
    status: "disconnected",
    lastError: null,
    commandError: null,
    sessionEnded: null,
  };
  #conversation: Conversation | null = null;
  /** The session that `disconnect(true)` left to be resumed. */
  #kept: Grant | null = null;
  #settled: (() => void)[] = [];
  #runtimeStats: RuntimeStats | null = null;
  #meter: ReturnType<typeof setInterval> | null = null;
  #held: string[] = [];
  readonly #inputs: Record<MediaKind, MediaStreamTrack | null> = { video: null, audio: null };

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
    this.#set({ lastError: null, commandError: null, sessionEnded: null });
    const { modelName, modelVersion = "", coordinatorUrl, local = false, queueing = local } = this.options;
    let url: string;
    try {
      url = socketUrl(coordinatorUrl, local);
    } catch (cause) {
      this.#fail(new ReactorError("COORDINATOR_CONNECTION_ERROR", textOf(cause), { component: "client" }));
      return Promise.resolve();
    }
    const setup = { modelName, modelVersion, queueing, prepared: true as const, videoCodecs: decodableCodecs() };
    const listener = {
      onStatus: (status: ReactorStatus, waiting: WaitingInfo | null) => this.#onStatus(status, waiting),
      onGrant: ({ sessionId }: Grant) => this.#set({ sessionId }),
      onExpiration: (sessionExpiration: SessionExpiration) => this.#onExpiration(sessionExpiration),
      onTrack: (kind: MediaKind, track: MediaTrack | null) => this.#onTrack(kind, track),
      onText: (text: string) => this.#onText(text),
      onError: (error: ReactorError) => this.#fail(error),
      onEnd: ({ error, ended }: ConversationEnd) => this.#onEnd(error, ended),
    };
    const conversation = new Conversation(url, setup, listener, this.#kept?.resumeToken);
    this.#kept = null;
    this.#conversation = conversation;
    for (const track of Object.values(this.#inputs)) if (track) void conversation.publish(track);
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
    return this.#replace("video", null);
  }

  /** Send a microphone to a model that takes one, now or as soon as the session is ready. */
  publishAudioStream(stream: MediaStream): Promise<void> {
    return this.#publish("audio", stream.getAudioTracks()[0]);
  }

  unpublishAudioStream(): Promise<void> {
    return this.#replace("audio", null);
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
    this.#state = { ...this.#state, ...change };
    this.#events.emit("stateChanged", this.#state);
  }

  #onStatus(status: ReactorStatus, waitingInfo: WaitingInfo | null): void {
    const changed = status !== this.#state.status;
    // A model that loads (again) has left its failure behind.
    const isWell = status === "ready" || (waitingInfo !== null && waitingInfo.progress !== null);
    this.#set({ status, waitingInfo, ...(isWell ? { lastError: null } : {}) });
    if (waitingInfo) this.#events.emit("waitingInfoChanged", waitingInfo);
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

  #onTrack(kind: MediaKind, track: MediaTrack | null): void {
    const [name, event] = kind === "video" ? (["videoTrack", "streamChanged"] as const) : AUDIO;
    if (track === this.#state[name]) return;
    this.#set({ [name]: track });
    this.#events.emit(event, track);
  }

  #onExpiration(sessionExpiration: SessionExpiration | null): void {
    if (sessionExpiration === this.#state.sessionExpiration) return;
    this.#set({ sessionExpiration });
    this.#events.emit("sessionExpirationChanged", sessionExpiration);
  }

  #onCapabilities(capabilities: Capabilities | null): void {
    if (capabilities === this.#state.capabilities) return;
    this.#set({ capabilities });
    this.#events.emit("capabilitiesChanged", capabilities);
  }

  #onText(text: string): void {
    const message = parseModelText(text);
    if (!message) return;
    if (message.type === "runtime") return this.#onNotice(message.data);
    if (isCapabilities(message.data)) this.#onCapabilities(message.data);
    else this.#events.emit("newMessage", message.data);
  }

  #onNotice(notice: RuntimeNotice): void {
    if (notice.type === "stats") this.#runtimeStats = notice.data;
    if (notice.type !== "commandError") return;
    this.#set({ commandError: notice.data });
    this.#events.emit("commandError", notice.data);
  }

  #onEnd(error: ReactorError | undefined, ended: SessionEnded | undefined): void {
    this.#conversation = null;
    this.#held = [];
    if (this.#meter !== null) clearInterval(this.#meter);
    this.#meter = this.#runtimeStats = null;
    globalThis.removeEventListener("pagehide", this.#onPageHide);
    this.#onCapabilities(null);
    this.#onExpiration(null);
    this.#set({
      ...NOTHING,
      ...(error ? { lastError: error } : {}),
      ...(ended ? { sessionEnded: ended } : {}),
    });
    this.#onStatus("disconnected", null);
    // Last: whoever hears of it may connect again at once.
    if (error) this.#events.emit("error", error);
    if (ended) this.#events.emit("sessionEnded", ended);
  }

  /** A page that goes frees the model at once; one that comes back from the browser's cache asks for it again. */
  readonly #onPageHide = (event: PageTransitionEvent): void => {
    void this.disconnect();
    if (event.persisted) globalThis.addEventListener("pageshow", () => void this.connect(), { once: true });
  };

  #fail(lastError: ReactorError): void {
    this.#set({ lastError });
    this.#events.emit("error", lastError);
  }

  #notSent(why: string): Promise<void> {
    this.#fail(new ReactorError("MESSAGE_SEND_FAILED", why, { recoverable: true }));
    return Promise.resolve();
  }

  async #publish(kind: MediaKind, track: MediaStreamTrack | undefined): Promise<void> {
    if (!track) {
      return this.#fail(new ReactorError("VIDEO_PUBLISH_FAILED", `The stream has no ${kind} track.`));
    }
    await this.#replace(kind, track);
    if (this.#inputs[kind] !== track) return; // another one has come meanwhile
    try {
      await this.#conversation?.publish(track);
    } catch (cause) {
      if (this.#inputs[kind] !== track) return;
      this.#inputs[kind] = null;
      this.#fail(publishFailed(track, cause));
    }
  }

  async #replace(kind: MediaKind, track: MediaStreamTrack | null): Promise<void> {
    const old = this.#inputs[kind];
    this.#inputs[kind] = track;
    if (old && old !== track) await this.#conversation?.unpublish(old);
  }

  #measure(): () => void {
    const meter = new PlaybackMeter();
    return () => void this.#tell(meter);
  }

  async #tell(meter: PlaybackMeter): Promise<void> {
    const report = await this.#state.videoTrack?.receiver?.getStats();
    if (this.#meter === null) return;
    const playback = report ? meter.read(report) : null;
    if (playback) this.#events.emit("fps", playback.fps);
    const stats = { playback, runtime: this.#runtimeStats };
    this.#set({ stats });
    this.#events.emit("stats", stats);
  }
}
