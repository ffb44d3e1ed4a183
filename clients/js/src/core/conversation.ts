import { ReactorError, textOf } from "./errors";
import { MediaRoom, type MediaKind, type MediaTrack, type RoomLoss } from "./mediaRoom";
import type {
  CoordinatorError,
  Grant,
  RoomAddress,
  ServerMessage,
  SessionEnded,
  SessionSetup,
  WaitingInfo,
} from "./protocol";
import { PARTING_CLOSE, Signalling } from "./signalling";
import type { ReactorState } from "./state";

// After these, if recoverable, the coordinator still remembers the request: what failed is tried again.
const KEEPS_PLACE = new Set([
  "MODEL_LOADING_FAILED",
  "GPU_CONNECTION_FAILED",
  "RATE_LIMITED",
  "BAD_MESSAGE",
  "MESSAGE_TOO_LARGE",
]);
// Coming back is one round trip; the first attempt is made at once.
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const RESUME_ANSWER_MS = 5_000;
// As long as the coordinator keeps a lost client's session, by default.
const MENDING_LIMIT_MS = 30_000;
// The room is closed some 20 ms after the end of a session; the model's last words may still be under way.
const LINGER_MS = 500;

const KINDS = ["video", "audio"] as const;

/** What a conversation knows of a session. */
type Change = Partial<Omit<ReactorState, "capabilities" | "commandError" | "stats">>;

export interface ConversationListener {
  onChange(change: Change): void;
  onText(text: string): void;
  /** Over, once: with what went wrong, with the end that somebody else decided, or by `leave`. */
  onEnd(end: Pick<Change, "lastError" | "sessionEnded">): void;
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
  #resumeToken: string | undefined;
  #mending = false;
  /** Attempts to come back since it was last well, and when the first one began. */
  #attempts = 0;
  #illSince = 0;
  #over = false;
  readonly #tracks: Record<MediaKind, MediaTrack | null> = { video: null, audio: null };
  readonly #inputs: ReadonlyMap<MediaKind, MediaStreamTrack>;

  /**
   * @param inputs what is published after every join
   * @param resumeToken of a session that was left by `leave(true)`; where it is gone, another one is asked for
   */
  constructor(
    url: string,
    setup: SessionSetup,
    inputs: ReadonlyMap<MediaKind, MediaStreamTrack>,
    listener: ConversationListener,
    resumeToken?: string,
  ) {
    this.#url = url;
    this.#setup = setup;
    this.#inputs = inputs;
    this.#listener = listener;
    this.#resumeToken = resumeToken;
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
    this.#connecting();
    try {
      await this.#ask();
    } catch (cause) {
      this.#end({ lastError: unreachable(textOf(cause)) });
    }
  }

  /**
   * Leave: the model is free for the next client at once. A second call does nothing.
   *
   * @returns with `recoverable`, the granted session that is kept for a while.
   */
  leave(recoverable = false): Grant | null {
    const kept = recoverable && !this.#over ? this.#grant : null;
    this.#end({}, kept !== null);
    return kept;
  }

  get #isReady(): boolean {
    return this.#joined && this.#grant !== null && !this.#over;
  }

  async #ask(): Promise<void> {
    const socket = await Signalling.open(this.#url);
    if (this.#over) return socket.close();
    this.#adopt(socket);
    socket.setUp(this.#resumeToken ? { ...this.#setup, resumeToken: this.#resumeToken } : this.#setup);
  }

  #adopt(socket: Signalling): void {
    this.#socket = socket;
    this.#mending = false; // what fails from here on is another fault
    socket.listen({
      onMessage: (message) => this.#over || this.#handle(message),
      onLost: (cause) => this.#over || this.#lost(cause),
    });
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case "waiting-info":
        return this.#waiting(message.data);
      case "room-prepared":
        return this.#enter(message.data);
      case "gpu-machine-assigned":
        return this.#granted(message.data);
      case "session-expiration":
        return this.#listener.onChange({ sessionExpiration: message.data });
      case "error":
        return this.#refused(message.data);
      case "session-ended":
        if (message.data.sessionId === this.#grant?.sessionId) void this.#ended(message.data);
    }
  }

  #connecting(): void {
    this.#listener.onChange({ status: "connecting", waitingInfo: null });
  }

  #waiting(waitingInfo: WaitingInfo): void {
    this.#attempts = 0;
    // A model that loads (again) has left its failure behind.
    const isWell = waitingInfo.progress !== null;
    this.#listener.onChange({ status: "waiting", waitingInfo, ...(isWell && { lastError: null }) });
  }

  #granted(grant: Grant): void {
    this.#grant = grant;
    this.#listener.onChange({ sessionId: grant.sessionId });
    if (!this.#joined) this.#connecting();
    this.#enter(grant);
    this.#listener.onChange({ videoTrack: this.#tracks.video, audioTrack: this.#tracks.audio });
    this.#lookAtJoin();
  }

  #refused(data: CoordinatorError): void {
    if (data.code === "RESUME_FAILED" && this.#resumeToken) {
      this.#resumeToken = undefined;
      return this.#socket?.setUp(this.#setup);
    }
    const lastError = new ReactorError(data.code, data.message, data);
    const goesOn = this.#grant !== null || (data.recoverable && KEEPS_PLACE.has(data.code));
    if (goesOn) this.#listener.onChange({ lastError });
    else this.#end({ lastError });
  }

  /** The end is told by the socket; the model's last words come by the room, and may be later. */
  async #ended(sessionEnded: SessionEnded): Promise<void> {
    await Promise.race([this.#room?.drain(), pause(LINGER_MS)]);
    this.#end({ sessionEnded });
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

  #forgetRoom(comingBack = false): void {
    const room = this.#room;
    this.#room = null;
    this.#joined = false;
    for (const kind of KINDS) if (this.#tracks[kind]) this.#onTrack(kind, null);
    if (room) void room.leave(comingBack);
  }

  #lookAtJoin(): void {
    if (!this.#isReady) return;
    this.#attempts = 0;
    for (const track of this.#inputs.values()) {
      this.#room
        ?.publish(track)
        .catch((cause: unknown) => this.#listener.onChange({ lastError: publishFailed(track, cause) }));
    }
    this.#ready();
  }

  #ready(): void {
    this.#listener.onChange({ status: "ready", waitingInfo: null, lastError: null });
  }

  #onTrack(kind: MediaKind, track: MediaTrack | null): void {
    this.#tracks[kind] = track;
    // In a room that is only prepared there is a flat picture.
    if (this.#grant) this.#listener.onChange({ [`${kind}Track` as const]: track });
  }

  #onMending(mending: boolean): void {
    if (!this.#isReady) return;
    if (mending) this.#connecting();
    else this.#ready();
  }

  #onRoomLost(loss: RoomLoss, cause = "the connection to LiveKit was lost"): void {
    if (loss === "replaced") {
      const message = "Another page uses this session. Connect again for one of your own.";
      const lastError = new ReactorError("REPLACED", message, { recoverable: true, component: "livekit" });
      return this.#end({ lastError });
    }
    this.#forgetRoom(true); // where it was only prepared, the grant brings another token
    if (!this.#grant || this.#mending) return;
    const message = `The session is lost: ${cause}.`;
    void this.#mend(new ReactorError("GPU_CONNECTION_ERROR", message, { recoverable: true, component: "livekit" }));
  }

  #lost(cause: string): void {
    if (!this.#mending) void this.#mend(unreachable(cause));
  }

  /** Come back to the session, or to the end of the queue; `lastError` is told when that takes too long. */
  async #mend(lastError: ReactorError): Promise<void> {
    this.#mending = true;
    this.#connecting();
    for (;;) {
      if (this.#attempts++ === 0) this.#illSince = Date.now();
      else await pause(Math.min(FIRST_RETRY_MS * 2 ** (this.#attempts - 2), LONGEST_RETRY_MS));
      if (this.#over) return;
      if (Date.now() - this.#illSince > MENDING_LIMIT_MS) return this.#end({ lastError });
      try {
        await (this.#grant ? this.#resume(this.#grant) : this.#ask());
        return;
      } catch (failure) {
        if (failure instanceof ReactorError) return this.#end({ lastError: failure });
      }
    }
  }

  async #resume(grant: Grant): Promise<void> {
    const old = this.#socket;
    const back = await this.#comeBack(grant);
    if (this.#over) return back?.socket.end();
    // Closed after the new one has taken over: a close frame of the owner would end the session.
    old?.close();
    if (!back) return;
    this.#adopt(back.socket);
    this.#granted(back.grant);
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
      if (answer.type === "session-ended") this.#end({ sessionEnded: answer.data });
      if (answer.type === "error") {
        throw new ReactorError(answer.data.code, answer.data.message, { ...answer.data, recoverable: true });
      }
    } catch (cause) {
      socket.close();
      throw cause;
    }
    socket.close();
    return null;
  }

  #end(end: Pick<Change, "lastError" | "sessionEnded">, comingBack = false): void {
    if (this.#over) return;
    this.#over = true;
    // The coordinator first: that frees the model at once.
    if (comingBack) this.#socket?.close(PARTING_CLOSE);
    else this.#socket?.end();
    this.#forgetRoom(comingBack);
    this.#listener.onEnd(end);
  }
}

export function publishFailed(track: MediaStreamTrack, cause: unknown): ReactorError {
  const [what, code] = track.kind === "video" ? ["camera", "VIDEO"] : ["microphone", "AUDIO"];
  const message = `The ${what} couldn't be published (${textOf(cause)}): does the model's manifest take one?`;
  return new ReactorError(`${code}_PUBLISH_FAILED`, message, { recoverable: true, component: "livekit" });
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
