/** What is known of a session, and which event tells each change of it. */

import type { ReactorError } from "./errors";
import type { MediaTrack } from "./mediaRoom";
import type { PlaybackStats } from "./playback";
import type {
  Capabilities,
  CommandError,
  RuntimeStats,
  SessionEnded,
  SessionExpiration,
  WaitingInfo,
} from "./protocol";

export type ReactorStatus = "disconnected" | "connecting" | "waiting" | "ready";

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

/** Without a session. */
export const NOTHING = {
  status: "disconnected",
  waitingInfo: null,
  videoTrack: null,
  audioTrack: null,
  sessionId: null,
  sessionExpiration: null,
  capabilities: null,
  stats: null,
} satisfies Partial<ReactorState>;

/** Before the first session. */
export const INITIAL: ReactorState = { ...NOTHING, lastError: null, commandError: null, sessionEnded: null };

/**
 * The events of a change, in the order in which they are told: why a session ended comes last, as whoever hears of it may
 * connect again at once. `true`: that there is none any more is told, too.
 */
export const CHANGES = [
  ["capabilities", "capabilitiesChanged", true],
  ["sessionExpiration", "sessionExpirationChanged", true],
  ["videoTrack", "streamChanged", true],
  ["audioTrack", "audioChanged", true],
  ["waitingInfo", "waitingInfoChanged"],
  ["commandError", "commandError"],
  ["stats", "stats"],
  ["status", "statusChanged"],
  ["lastError", "error"],
  ["sessionEnded", "sessionEnded"],
] as const satisfies [keyof ReactorState, keyof ReactorEvents, boolean?][];
