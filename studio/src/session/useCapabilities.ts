import type { Capabilities } from "@reactor-local/js-sdk";
import { useEffect, useState } from "react";
import type { Seen } from "./health";

const TIMEOUT_MS = 3_000;
const LOADED = new Set(["ready", "starting", "active", "stopping"]);

/**
 * What the model can be told, from the moment it is loaded: who waits in line sees it already. The session's own word
 * counts, and the last one known stays when it ends.
 */
export function useCapabilities(told: Capabilities | null, seen: Seen): Capabilities | null {
  const [known, setKnown] = useState<Capabilities | null>(null);
  if (told && told !== known) setKnown(told);
  const isLoaded = seen !== null && seen !== "unreachable" && LOADED.has(seen.runtime.state);
  const isTold = told !== null;
  useEffect(() => {
    if (!isLoaded || isTold) return;
    const asking = new AbortController();
    void ask(asking.signal).then((found) => {
      if (found && !asking.signal.aborted) setKnown(found);
    });
    return () => asking.abort();
  }, [isLoaded, isTold]);
  return known;
}

/** Null: not to be had now; a session will tell. */
async function ask(stopped: AbortSignal): Promise<Capabilities | null> {
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]);
    const answer = await fetch(new URL("capabilities", document.baseURI), { signal });
    return answer.ok ? ((await answer.json()) as Capabilities) : null;
  } catch {
    return null;
  }
}
