import type { ReactorState } from "../core/state";

/** What is shown in the place of the picture. */
export interface ViewStatus {
  /** For styling: `data-state` of the view. */
  state: "disconnected" | "connecting" | "waiting" | "starting" | "reconnecting" | "error" | "ended";
  title: string;
  detail?: string;
  /** 0 to 1; null: unknown. */
  progress?: number | null;
  /** What a button that connects is called; none where that wouldn't help. */
  action?: string;
}

const LOADING = { state: "waiting", title: "The model is loading" } as const;

/** The words for a session without a picture. */
export function viewStatus(session: ReactorState): ViewStatus {
  const { status, waitingInfo, lastError, sessionEnded, capabilities } = session;
  if (status === "ready") return { state: "starting", title: "Waiting for the first picture" };
  if (status === "connecting") {
    return capabilities
      ? { state: "reconnecting", title: "Reconnecting" }
      : { state: "connecting", title: "Connecting" };
  }
  if (status === "waiting" && waitingInfo) {
    const { position, queueLength, reason, progress } = waitingInfo;
    if (lastError) return { state: "error", title: "Still waiting", detail: lastError.message };
    if (reason === "loading") return { ...LOADING, progress };
    const title = position === 1 ? "You are next" : `Number ${position} of ${queueLength} in line`;
    return { state: "waiting", title, detail: `The model is ${reason === "busy" ? "in use" : "getting ready"}.` };
  }
  if (sessionEnded) {
    return { state: "ended", title: "The session has ended", detail: sessionEnded.message, action: "Start again" };
  }
  if (lastError) {
    const again = lastError.recoverable ? { action: "Connect again" } : {};
    const what = lastError.code.includes("_CONNECTION_") ? "connection" : "session";
    return { state: "error", title: `No ${what}`, detail: lastError.message, ...again };
  }
  return { state: "disconnected", title: "Not connected", action: "Connect" };
}
