import { useReactor } from "@reactor-local/js-sdk";
import { useEffect, useState, type ReactElement } from "react";
import { clockText } from "../session/format";
import type { Scene } from "../session/scene";
import { isGoodEnd } from "../session/words";

type Tone = "good" | "wait" | "bad" | "none";

const STATES: Record<Scene["kind"], [Tone, string]> = {
  live: ["good", "Live"],
  opening: ["wait", "Starting"],
  connecting: ["wait", "Connecting"],
  mending: ["wait", "Reconnecting"],
  loading: ["wait", "Loading"],
  waiting: ["wait", "In line"],
  noRuntime: ["wait", "Starting"],
  loadFailed: ["bad", "Not loaded"],
  ended: ["none", "Ended"],
  failed: ["bad", "Failed"],
  unreachable: ["bad", "No answer"],
  left: ["none", "Not connected"],
};

/** The state in a word, and the session's time. */
export function StatePill({ scene }: { scene: Scene }): ReactElement {
  const [usual, word] = STATES[scene.kind];
  const tone = scene.kind === "ended" && !isGoodEnd(scene.reason) ? "bad" : usual;
  const sessionId = useReactor((store) => store.sessionId);
  return (
    <p className={`pill pill-${tone}`}>
      <span className="dot" aria-hidden="true" />
      {word}
      {sessionId !== null && <SessionTime key={sessionId} isShown={scene.kind === "live"} />}
    </p>
  );
}

function SessionTime({ isShown }: { isShown: boolean }): ReactElement | null {
  const expiration = useReactor((store) => store.sessionExpiration);
  const [begun] = useState(() => Date.now());
  const [now, setNow] = useState(begun);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (!isShown) return null; // and it goes on
  const left = expiration && expiration.expiresAt - now / 1000;
  return <span className="numbers">{left === null ? clockText((now - begun) / 1000) : `${clockText(left)} left`}</span>;
}
