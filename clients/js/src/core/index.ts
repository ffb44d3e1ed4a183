export { ReactorError, type Component, type ReactorErrorDetails } from "./errors";
export type { JsonObject } from "./json";
export type { MediaTrack } from "./mediaRoom";
export type { PlaybackStats } from "./playback";
export type {
  Capabilities,
  CommandError,
  Message,
  ParameterSchema,
  RuntimeStats,
  SessionEnded,
  SessionExpiration,
  WaitingInfo,
} from "./protocol";
export { Reactor, type ReactorOptions } from "./reactor";
export type { ReactorEvents, ReactorState, ReactorStats, ReactorStatus } from "./state";
