export { ReactorError, type Component, type ReactorErrorDetails } from "./errors";
export type { MediaTrack } from "./mediaRoom";
export type { PlaybackStats } from "./playback";
export type {
  Capabilities,
  CommandError,
  JsonObject,
  Message,
  ParameterSchema,
  RuntimeStats,
  SessionEnded,
  SessionExpiration,
  WaitingInfo,
} from "./protocol";
export {
  Reactor,
  type ReactorEvents,
  type ReactorOptions,
  type ReactorState,
  type ReactorStats,
  type ReactorStatus,
} from "./reactor";
