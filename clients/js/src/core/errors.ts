/** Who failed. */
export type Component = "coordinator" | "gpu" | "livekit" | "client";

export interface ReactorErrorDetails {
  recoverable?: boolean;
  component?: Component;
  /** Seconds after which another attempt makes sense. */
  retryAfter?: number | null;
}

/** What went wrong, in words for the user, with a code for programs. */
export class ReactorError extends Error {
  override readonly name = "ReactorError";
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly timestamp = Date.now();
  /** Whether trying again, or just waiting, may help. */
  readonly recoverable: boolean;
  readonly component: Component;
  readonly retryAfter?: number;

  constructor(code: string, message: string, details: ReactorErrorDetails = {}) {
    super(message);
    this.code = code;
    this.recoverable = details.recoverable ?? false;
    this.component = details.component ?? "client";
    if (typeof details.retryAfter === "number") this.retryAfter = details.retryAfter;
  }
}

/** The text of anything thrown, without query strings: LiveKit's errors repeat the address with the token in it. */
export function textOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return text.replace(/\?[^\s"')]+/g, "");
}
