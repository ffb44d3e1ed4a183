/** What happened, and what to do about it. */
export interface Words {
  title: string;
  advice: string;
}

const ENDS: Record<string, Words> = {
  model_finished: { title: "The model has finished", advice: "Its session ended in good order." },
  model_error: { title: "The model raised an error", advice: "The traceback is in the terminal of reactor run." },
  model_crashed: {
    title: "The model's process died",
    advice: "It is being started again. What it said last is in the terminal of reactor run.",
  },
  model_stuck: {
    title: "The model stopped answering",
    advice: "Its process was ended and is being started again. Where it hung is in the terminal of reactor run.",
  },
  client_left_room: { title: "This page left the session", advice: "Another program may have closed its connection." },
  join_timeout: {
    title: "The video connection took too long",
    advice: "A firewall may block LiveKit's ports. `reactor doctor` checks them.",
  },
  idle_timeout: { title: "The session was idle", advice: "It ends when no command comes for a while." },
  max_duration: { title: "The session's time is up", advice: "A longest duration is set for each session." },
  runtime_lost: {
    title: "The model's server was lost",
    advice: "reactor run starts it again. What happened is in its terminal.",
  },
  coordinator_lost: { title: "The coordinator was lost", advice: "reactor run starts it again." },
  livekit_lost: { title: "The video server was lost", advice: "reactor run starts LiveKit again." },
  shutting_down: { title: "The server was shut down", advice: "This page goes on when reactor run is back." },
};

const ERRORS: Record<string, Words> = {
  COORDINATOR_CONNECTION_ERROR: {
    title: "The server doesn't answer",
    advice: "Is reactor run still up in its terminal? This page keeps looking and goes on by itself.",
  },
  GPU_CONNECTION_FAILED: {
    title: "The session couldn't be started",
    advice: "What happened is in the terminal of reactor run; `reactor doctor` checks the rest.",
  },
  GPU_CONNECTION_ERROR: {
    title: "The video connection failed",
    advice: "A firewall may block LiveKit's ports. `reactor doctor` checks them.",
  },
  ORIGIN_NOT_ALLOWED: {
    title: "This address isn't allowed",
    advice: "Start with --allow-origin and the address of this page, or open it by the server's own.",
  },
  UNKNOWN_MODEL: { title: "Another model is served here", advice: "Reload the page to see that one." },
  RESUME_FAILED: {
    title: "The session is lost",
    advice: "The server was started anew, or kept your place no longer. Start again for a session of your own.",
  },
  QUEUE_FULL: { title: "The queue is full", advice: "Try again when somebody has left; --max-queue makes room." },
  NO_CAPACITY: { title: "No room for another viewer", advice: "Close other pages, or try again in a moment." },
  REPLACED: { title: "Another page has taken over", advice: "The session goes on there. Start one of your own here." },
  RATE_LIMITED: { title: "Too many messages at once", advice: "The session goes on." },
};

/** Words for the end of a session. */
export function endWords(reason: string): Words {
  return own(ENDS, reason) ?? { title: "The session has ended", advice: "Start again whenever you like." };
}

const GOOD_ENDS = new Set(["model_finished", "client_left_room", "idle_timeout", "max_duration", "shutting_down"]);

/** Nothing broke. */
export function isGoodEnd(reason: string): boolean {
  return GOOD_ENDS.has(reason);
}

/** Words for an error code. */
export function errorWords(code: string): Words {
  return (
    own(ERRORS, code) ?? { title: "That didn't work", advice: "Try again, or look into the terminal of reactor run." }
  );
}

const STAGES: Record<string, string> = {
  weights: "Fetching weights",
  import: "Importing the code",
  init: "Building the model",
};

export function stageWords(stage: string | null): string {
  return own(STAGES, stage ?? "") ?? "Starting";
}

function own<Value>(words: Record<string, Value>, key: string): Value | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

const ORDINALS = ["", "next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];

/** "You're next", "You're third in line". */
export function placeWords(position: number): string {
  if (position <= 1) return "You're next";
  return `You're ${ORDINALS[position] ?? `number ${position}`} in line`;
}

/** "the stage burns" as "The stage burns." */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]["')]?$/.test(begun) ? begun : `${begun}.`;
}
