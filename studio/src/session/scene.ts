import type { ReactorError, ReactorStatus, SessionEnded, WaitingInfo } from "@reactor-local/js-sdk";
import type { Download, Seen } from "./health";

/** What the stage shows. */
export type Scene =
  | { kind: "live" }
  /** The session is ready; its first picture isn't here yet. */
  | { kind: "opening" }
  | { kind: "connecting" }
  /** A running session has lost its connection and is coming back. */
  | { kind: "mending" }
  | { kind: "loading"; stage: string | null; progress: number | null; download: Download | null }
  | { kind: "waiting"; position: number; queueLength: number; reason: "busy" | "stopping" }
  | { kind: "loadFailed"; message: string }
  | { kind: "noRuntime" }
  | { kind: "ended"; reason: string; message: string }
  | { kind: "failed"; code: string; message: string }
  | { kind: "unreachable" }
  /** The user left. */
  | { kind: "left" };

export interface SessionState {
  status: ReactorStatus;
  waitingInfo: WaitingInfo | null;
  lastError: ReactorError | null;
  sessionId: string | null;
  sessionEnded: SessionEnded | null;
  /** A frame of the model has been shown in this session. */
  hasPicture: boolean;
  /** This page has asked for a session before. */
  hasAsked: boolean;
}

/** What to show of a session, with what `/health` says of the server. */
export function sceneOf(session: SessionState, seen: Seen): Scene {
  if (session.status === "ready") return { kind: session.hasPicture ? "live" : "opening" };
  if (session.sessionId !== null) return { kind: session.hasPicture ? "mending" : "connecting" };
  if (seen === "unreachable") return { kind: "unreachable" };
  if (session.status === "disconnected") return atRest(session, seen);
  return beforeStart(session, seen);
}

function atRest({ lastError, sessionEnded, hasAsked }: SessionState, seen: Seen): Scene {
  if (sessionEnded) return { kind: "ended", reason: sessionEnded.reason, message: sessionEnded.message };
  if (lastError) return { kind: "failed", code: lastError.code, message: lastError.message };
  if (hasAsked) return { kind: "left" };
  return ofRuntime(seen) ?? { kind: "connecting" };
}

function beforeStart({ status, waitingInfo }: SessionState, seen: Seen): Scene {
  const runtime = ofRuntime(seen);
  if (runtime && status === "waiting") {
    return runtime.kind === "loading"
      ? { ...runtime, progress: runtime.progress ?? waitingInfo?.progress ?? null }
      : runtime;
  }
  if (waitingInfo?.reason === "loading") {
    return { kind: "loading", stage: null, progress: waitingInfo.progress, download: null };
  }
  if (!waitingInfo) return { kind: "connecting" };
  const { position, queueLength, reason } = waitingInfo;
  return { kind: "waiting", position, queueLength, reason };
}

/** What keeps the model's server from serving anybody. */
function ofRuntime(seen: Seen): Extract<Scene, { kind: "loading" | "loadFailed" | "noRuntime" }> | null {
  if (seen === null || seen === "unreachable") return null;
  const { state, stage, progress, download, error } = seen.runtime;
  if (state === "failed") return { kind: "loadFailed", message: error ?? "The log says why." };
  if (state === "unreachable") return { kind: "noRuntime" };
  return state === "loading" ? { kind: "loading", stage, progress, download } : null;
}
