import { useEffect, useState } from "react";

/** How far the weights have come. */
export interface Download {
  folder: string;
  totalBytes: number;
  doneBytes: number;
  /** Bytes a second. */
  speed: number;
  /** Seconds that are left, where that is known. */
  etaS: number | null;
}

/** What the coordinator says of itself and of the model's server, at `/health`. */
export interface Health {
  runtime: {
    state: "unreachable" | "loading" | "ready" | "starting" | "active" | "stopping" | "failed";
    stage: "weights" | "import" | "init" | null;
    /** Of the stage, 0 to 1, where that is known. */
    progress: number | null;
    download: Download | null;
    error: string | null;
  };
  model: { name: string; version: string };
  queueLength: number;
  /** The page's address for other machines, where they are let in. */
  lanUrl: string | null;
  /** Why no session can start now. */
  reason: string | null;
}

/** `null`: not asked yet. `"unreachable"`: the coordinator doesn't answer. */
export type Seen = Health | "unreachable" | null;

const TIMEOUT_MS = 3_000;
const INTERVAL_MS = 1_000;
const CALM_INTERVAL_MS = 5_000;

/** Follow `/health`: every second, or every five while `calm` (a session runs) or nobody looks. */
export function useHealth(calm: boolean): Seen {
  const [seen, setSeen] = useState<Seen>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const follow = async (): Promise<void> => {
      const found = await ask();
      if (over) return;
      setSeen(found);
      timer = setTimeout(() => void follow(), calm || document.hidden ? CALM_INTERVAL_MS : INTERVAL_MS);
    };
    void follow();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [calm]);
  return seen;
}

async function ask(): Promise<Health | "unreachable"> {
  try {
    const answer = await fetch(new URL("health", document.baseURI), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return healthOf((await answer.json()) as Answer);
  } catch {
    return "unreachable";
  }
}

/** As `/health` spells it. */
export interface Answer {
  runtime: Omit<Health["runtime"], "download"> & {
    download: {
      folder: string;
      total_bytes: number;
      done_bytes: number;
      speed_bytes_s: number;
      eta_s: number | null;
    } | null;
  };
  model: Health["model"];
  queue_length: number;
  lan_url: string | null;
  reason: string | null;
}

export function healthOf(answer: Answer): Health {
  const { download, ...runtime } = answer.runtime;
  return {
    runtime: {
      ...runtime,
      download: download && {
        folder: download.folder,
        totalBytes: download.total_bytes,
        doneBytes: download.done_bytes,
        speed: download.speed_bytes_s,
        etaS: download.eta_s,
      },
    },
    model: answer.model,
    queueLength: answer.queue_length,
    lanUrl: answer.lan_url,
    reason: answer.reason,
  };
}
