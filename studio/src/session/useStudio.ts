import { useReactor, useReactorMessage, type CommandError } from "@reactor-local/js-sdk";
import { useCallback, useEffect, useRef, useState } from "react";
import { MessageLog, nameAndData } from "../log/messageLog";
import type { Seen } from "./health";
import { sceneOf, type Scene, type SessionState } from "./scene";

export interface Studio {
  scene: Scene;
  log: MessageLog;
  /** Ask for a session. */
  start: () => void;
  /** Leave it. */
  leave: () => void;
  /** Commands reach the model. */
  canSend: boolean;
  send: (name: string, data: object) => void;
  /** The first frame of this session has been shown. */
  onPicture: () => void;
}

/** The page's one session: what to show of it, what was said in it. */
export function useStudio(seen: Seen): Studio {
  const session = useReactor(({ status, waitingInfo, lastError, sessionId, sessionEnded }) => ({
    status,
    waitingInfo,
    lastError,
    sessionId,
    sessionEnded,
  }));
  const { connect, disconnect, sendCommand } = useReactor((store) => ({
    connect: store.connect,
    disconnect: store.disconnect,
    sendCommand: store.sendCommand,
  }));
  const [pictured, setPictured] = useState<string | null>(null);
  const [log] = useState(() => new MessageLog());
  const [hasAsked, setHasAsked] = useState(false);
  if (session.status !== "disconnected" && !hasAsked) setHasAsked(true);
  const hasPicture = session.sessionId !== null && pictured === session.sessionId;
  const state = { ...session, hasPicture, hasAsked };
  const scene = sceneOf(state, seen);

  const { sessionId } = session;
  const canSend = session.status === "ready" || hasPicture; // while it comes back they are kept
  const onPicture = useCallback(() => setPictured(sessionId), [sessionId]);
  const start = useCallback(() => void connect(), [connect]);
  const leave = useCallback(() => void disconnect(), [disconnect]);
  const send = useCallback(
    (name: string, data: object) => {
      if (!canSend) return; // a key that a pad still hears
      log.add("out", name, data);
      void sendCommand(name, data);
    },
    [log, canSend, sendCommand],
  );
  useReactorMessage((message) => {
    const { name, data } = nameAndData(message);
    log.add("in", name, data);
  });
  useLoggedErrors(log);
  useReturn(scene.kind === "left", seen, state, start);
  return { scene, log, start, leave, canSend, send, onPicture };
}

function useLoggedErrors(log: MessageLog): void {
  const error: CommandError | null = useReactor((store) => store.commandError);
  useEffect(() => {
    if (error) log.add("error", error.command, { code: error.code, message: error.message });
  }, [log, error]);
}

// The coordinator doesn't answer, or has no memory of the session: it was started anew.
const LOST = new Set(["COORDINATOR_CONNECTION_ERROR", "RESUME_FAILED"]);

/** A server that was away gets asked again at the first sign of life after that, unless the user has left. */
function useReturn(hasLeft: boolean, seen: Seen, session: SessionState, start: () => void): void {
  const lastSign = useRef<Seen | undefined>(undefined);
  const { status, lastError } = session;
  useEffect(() => {
    if (seen === "unreachable" || (lastError && LOST.has(lastError.code))) lastSign.current ??= seen;
    if (lastSign.current === undefined || status !== "disconnected") return;
    if (seen === null || seen === "unreachable" || seen === lastSign.current || seen.model.name === "") return;
    lastSign.current = undefined;
    if (!hasLeft) start();
  }, [seen, status, lastError, hasLeft, start]);
}
