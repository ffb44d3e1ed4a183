/** A camera ("video") or a microphone ("audio"). */
export type InputKind = "video" | "audio";

/** How a camera or a microphone is doing. */
export interface InputStatus {
  state: "starting" | "live" | "denied" | "missing" | "busy" | "insecure" | "failed";
  /** While the state is "live". */
  stream: MediaStream | null;
  /** What is wrong and what to do, in words; empty while nothing is. */
  message: string;
}

export const STARTING: InputStatus = { state: "starting", stream: null, message: "" };

type Problem = [InputStatus["state"], (what: string) => string];

const PROBLEMS: Partial<Record<string, Problem>> = {
  NotAllowedError: ["denied", (what) => `The ${what} is blocked: allow it beside the page's address, then try again.`],
  NotFoundError: ["missing", (what) => `There is no ${what}: connect one.`],
  OverconstrainedError: ["missing", (what) => `No ${what} can do what the page asks for.`],
  NotReadableError: ["busy", (what) => `The ${what} is in use: close the other program or page, then try again.`],
};

/**
 * Open a camera or a microphone and tell how it goes.
 *
 * @returns what closes it, the question to the user included.
 */
export function openInput(
  kind: InputKind,
  constraints: MediaTrackConstraints,
  tell: (status: InputStatus) => void,
): () => void {
  const what = kind === "video" ? "camera" : "microphone";
  let opened: MediaStream | null = null;
  let over = false;
  const isOver = (): boolean => over;
  const fail = (state: InputStatus["state"], message: string): void => {
    if (!isOver()) tell({ state, stream: null, message });
  };
  const open = async (): Promise<void> => {
    await Promise.resolve(); // React's StrictMode closes and opens again at once
    if (isOver()) return;
    // Declared as always there; it isn't on plain http.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) return fail("insecure", insecure(what));
    const stream = await devices.getUserMedia({ [kind]: constraints });
    if (isOver()) return stop(stream);
    opened = stream;
    for (const track of stream.getTracks())
      track.onended = () => fail("missing", `The ${what} was disconnected, or is blocked now.`);
    tell({ state: "live", stream, message: "" });
  };
  open().catch((cause: unknown) => {
    const { name = "", message } = cause as Partial<Error>;
    const problem = PROBLEMS[name];
    if (problem) fail(problem[0], problem[1](what));
    else fail("failed", `The ${what} doesn't start: ${message ?? String(cause)}`);
  });
  return () => {
    over = true;
    if (opened) stop(opened);
  };
}

function insecure(what: string): string {
  const local = `http://localhost${location.port && `:${location.port}`}`;
  return `Browsers keep the ${what} from pages of plain http: open this one by https, which takes a proxy with a certificate, or ${local} on that machine itself.`;
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
