import { ReactorError, textOf } from "./errors";
import { MediaRoom, type MediaTrack, type RoomLoss } from "./mediaRoom";
import type {
  CoordinatorError,
  Grant,
  RoomAddress,
  ServerMessage,
  SessionEnded,
  SessionExpiration,
  SessionSetup,
  WaitingInfo,
} from "./protocol";
import { Signalling } from "./signalling";

// After these, if recoverable, the coordinator still remembers the request: what failed is tried again.
const KEEPS_PLACE = new Set([
  "MODEL_LOADING_FAILED",
  "GPU_CONNECTION_FAILED",
  "RATE_LIMITED",
  "BAD_MESSAGE",
  "MESSAGE_TOO_LARGE",
]);
// A resume is one round trip; the first attempt comes at once.
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const RESUME_ANSWER_MS = 5_000;
// As long as the coordinator keeps a lost client's session, by default.
const RESUME_TIMEOUT_MS = 30_000;
// The room is closed some 20 ms after the end of a session; the model's last words may still be under way.
const LINGER_MS = 500;

const KINDS = ["video", "audio"] as const;

export type MediaKind = (typeof KINDS)[number];
export type SessionStatus = "connecting" | "waiting" | "ready";

export interface ConversationListener {
  onStatus(status: SessionStatus, waiting: WaitingInfo | null): void;
  onGrant(grant: Grant): void;
  onExpiration(expiration: SessionExpiration): void;
  onTrack(kind: MediaKind, track: MediaTrack | null): void;
  onText(text: string): void;
  /** Something failed and the session goes on, or is still waited for. */
  onError(error: ReactorError): void;
  /** Over, once: with what went wrong, with the end that somebody else decided, or by `leave`. */
  onEnd(end: { error?: ReactorError; ended?: SessionEnded }): void;
}

/** One session from the asking to the end: what the coordinator says, and what follows from it. */
export class Conversation {
  readonly #url: string;
  readonly #setup: SessionSetup;
  readonly #listener: ConversationListener;
  #socket: Signalling | null = null;
  #room: MediaRoom | null = null;
  #joined = false;
  #grant: Grant | null = null;
  #resuming = false;
  #over = false;
  readonly #tracks: Record<MediaKind, MediaTrack | null> = { video: null, audio: null };
  readonly #inputs = new Set<MediaStreamTrack>();

  constructor(url: string, setup: SessionSetup, listener: ConversationListener) {
    this.#url = url;
    this.#setup = setup;
    this.#listener = listener;
  }

  /** The room, once the session is ready. */
  get room(): MediaRoom | null {
    return this.#isReady ? this.#room : null;
  }

  /** The session was granted, and may be on its way back. */
  get isGranted(): boolean {
    return this.#grant !== null && !this.#over;
  }

  async start(): Promise<void> {
    this.#listener.onStatus("connecting", null);
    try {
      const socket = await Signalling.open(this.#url);
      if (this.#over) return socket.close();
      this.#adopt(socket);
      socket.setUp(this.#setup);
    } catch (cause) {
      this.#end({ error: unreachable(textOf(cause)) });
    }
  }

  /** Leave: the model is free for the next client at once. A second call does nothing. */
  leave(): void {
    if (!this.#over) this.#end({});
  }

  /** Publish a camera or a microphone now and after every new join. */
  async publish(track: MediaStreamTrack): Promise<void> {
    this.#inputs.add(track);
    try {
      await this.room?.publish(track);
    } catch (cause) {
      this.#inputs.delete(track);
      throw cause;
    }
  }

  async unpublish(track: MediaStreamTrack): Promise<void> {
    this.#inputs.delete(track);
    await this.room?.unpublish(track);
  }

  get #isReady(): boolean {
    return this.#joined && this.#grant !== null && !this.#over;
  }

  #adopt(socket: Signalling): void {
    this.#socket = socket;
    socket.listen({
      onMessage: (message) => this.#over || this.#handle(message),
      onLost: (cause) => this.#over || this.#lost(cause),
    });
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case "waiting-info":
        return this.#listener.onStatus("waiting", message.data);
      case "room-prepared":
        return this.#enter(message.data);
      case "gpu-machine-assigned":
        return this.#granted(message.data);
      case "session-expiration":
        return this.#listener.onExpiration(message.data);
      case "error":
        return this.#refused(message.data);
      case "session-ended":
        if (message.data.sessionId === this.#grant?.sessionId) void this.#ended(message.data);
    }
  }

  #granted(grant: Grant): void {
    this.#grant = grant;
    this.#listener.onGrant(grant);
    if (!this.#joined) this.#listener.onStatus("connecting", null);
    this.#enter(grant);
    for (const kind of KINDS) if (this.#tracks[kind]) this.#listener.onTrack(kind, this.#tracks[kind]);
    this.#lookAtJoin();
  }

  #refused(data: CoordinatorError): void {
    const error = new ReactorError(data.code, data.message, {
      recoverable: data.recoverable,
      component: data.component,
      ...(data.retryAfter === null ? {} : { retryAfter: data.retryAfter }),
    });
    const goesOn = this.#grant !== null || (data.recoverable && KEEPS_PLACE.has(data.code));
    if (goesOn) this.#listener.onError(error);
    else this.#end({ error });
  }

  /** The end is told by the socket; the model's last words come by the room, and may be later. */
  async #ended(ended: SessionEnded): Promise<void> {
    await Promise.race([this.#room?.drain(), pause(LINGER_MS)]);
    this.#end({ ended });
  }

  /** Join that room, unless we are in it or on the way. */
  #enter(address: RoomAddress): void {
    if (this.#room?.sessionId === address.sessionId) return;
    this.#forgetRoom();
    const room: MediaRoom = new MediaRoom(address.sessionId, {
      onTrack: (kind, track) => this.#room === room && this.#onTrack(kind, track),
      onText: (text) => this.#room === room && this.#listener.onText(text),
      onMending: (mending) => this.#room === room && this.#onMending(mending),
      onLost: (loss) => this.#room === room && this.#onRoomLost(loss),
    });
    this.#room = room;
    room.join(address.livekitWsUrl, address.livekitJwtToken).then(
      () => {
        if (this.#room !== room) return;
        this.#joined = true;
        this.#lookAtJoin();
      },
      (cause: unknown) => this.#room === room && this.#onRoomLost("lost", textOf(cause)),
    );
  }

  #forgetRoom(): void {
    const room = this.#room;
    this.#room = null;
    this.#joined = false;
    for (const kind of KINDS) if (this.#tracks[kind]) this.#onTrack(kind, null);
    if (room) void room.leave();
  }

  #lookAtJoin(): void {
    if (!this.#isReady) return;
    for (const track of this.#inputs) {
      this.#room?.publish(track).catch((cause: unknown) => this.#listener.onError(publishFailed(track, cause)));
    }
    this.#listener.onStatus("ready", null);
  }

  #onTrack(kind: MediaKind, track: MediaTrack | null): void {
    this.#tracks[kind] = track;
    // In a room that is only prepared there is a flat picture.
    if (this.#grant) this.#listener.onTrack(kind, track);
  }

  #onMending(mending: boolean): void {
    if (this.#isReady) this.#listener.onStatus(mending ? "connecting" : "ready", null);
  }

  #onRoomLost(loss: RoomLoss, cause = "the connection to LiveKit was lost"): void {
    if (loss === "replaced") {
      const message = "Another page uses this session. Connect again for one of your own.";
      return this.#end({ error: new ReactorError("REPLACED", message, { recoverable: true, component: "livekit" }) });
    }
    this.#forgetRoom(); // where it was only prepared, the grant brings another token
    if (this.#grant) this.#lost(cause);
  }

  #lost(cause: string): void {
    if (this.#grant === null) return this.#end({ error: unreachable(cause) });
    if (!this.#resuming) void this.#resume(this.#grant, cause);
  }

  async #resume(grant: Grant, cause: string): Promise<void> {
    this.#resuming = true;
    const old = this.#socket;
    const deadline = Date.now() + RESUME_TIMEOUT_MS;
    this.#listener.onStatus("connecting", null);
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
      try {
        const back = await this.#comeBack(grant);
        if (this.#over) return back?.socket.end();
        // Closed after the new one has taken over: a close frame of the owner would end the session.
        old?.close();
        this.#resuming = false;
        if (!back) return;
        this.#adopt(back.socket);
        return this.#granted(back.grant);
      } catch (failure) {
        if (failure instanceof ReactorError) return this.#end({ error: failure });
        if (Date.now() + wait > deadline) return this.#end({ error: unreachable(`the session is lost: ${cause}`) });
      }
      await pause(wait);
      if (this.#over) return;
    }
  }

  /** Ask for the session again on another connection; null: it has ended meanwhile. */
  async #comeBack(grant: Grant): Promise<{ socket: Signalling; grant: Grant } | null> {
    const socket = await Signalling.open(this.#url);
    try {
      const answer = await new Promise<ServerMessage>((resolve, reject) => {
        setTimeout(() => reject(new Error("no answer")), RESUME_ANSWER_MS);
        socket.listen({
          onMessage: (message) => isAnswer(message) && resolve(message),
          onLost: (cause) => reject(new Error(cause)),
        });
        socket.setUp({ ...this.#setup, resumeToken: grant.resumeToken });
      });
      if (answer.type === "gpu-machine-assigned") return { socket, grant: answer.data };
      if (answer.type === "session-ended") this.#end({ ended: answer.data });
      if (answer.type === "error") {
        throw new ReactorError(answer.data.code, answer.data.message, {
          component: answer.data.component,
          recoverable: true,
        });
      }
    } catch (cause) {
      socket.close();
      throw cause;
    }
    socket.close();
    return null;
  }

  #end(end: { error?: ReactorError; ended?: SessionEnded }): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.end(); // the coordinator first: that frees the model at once
    this.#forgetRoom();
    this.#listener.onEnd(end);
  }
}

export function publishFailed(track: MediaStreamTrack, cause: unknown): ReactorError {
  const what = track.kind === "video" ? "camera" : "microphone";
  const message = `The ${what} couldn't be published (${textOf(cause)}): does the model's manifest take one?`;
  return new ReactorError("VIDEO_PUBLISH_FAILED", message, { recoverable: true, component: "livekit" });
}

function unreachable(cause: string): ReactorError {
  return new ReactorError("COORDINATOR_CONNECTION_ERROR", cause, { recoverable: true, component: "coordinator" });
}

function isAnswer(message: ServerMessage): boolean {
  return ["gpu-machine-assigned", "session-ended", "error"].includes(message.type);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
