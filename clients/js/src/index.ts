export { ReactorError, type Component } from "./core/errors";
export type { MediaTrack } from "./core/mediaRoom";
export type { PlaybackStats } from "./core/playback";
export type {
  Capabilities,
  CommandError,
  Message,
  ParameterSchema,
  RuntimeStats,
  SessionEnded,
  SessionExpiration,
  WaitingInfo,
} from "./core/protocol";
export {
  Reactor,
  type ReactorEvents,
  type ReactorOptions,
  type ReactorState,
  type ReactorStats,
  type ReactorStatus,
} from "./core/reactor";
