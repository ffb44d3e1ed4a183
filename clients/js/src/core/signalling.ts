import { parseServerMessage, type ServerMessage, type SessionSetup } from "./protocol";

// Opening takes milliseconds; a machine that is asleep or far away may need seconds.
const OPEN_TIMEOUT_MS = 10_000;
const NORMAL_CLOSE = 1000;
// By the contract: the owner comes back with its token.
export const PARTING_CLOSE = 4000;

export interface SignallingListener {
  onMessage(message: ServerMessage): void;
  /** The connection ended without our doing. */
  onLost(cause: string): void;
}

/** A WebSocket to the coordinator that speaks the contract's messages. */
export class Signalling {
  readonly #socket: WebSocket;
  #listener: SignallingListener | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => this.#closed(event);
  }

  /** Connect. Rejects with an `Error` when nobody answers there. */
  static open(url: string): Promise<Signalling> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const fail = (): void => {
        clearTimeout(timer);
        socket.onopen = socket.onclose = null;
        socket.close();
        reject(new Error(`Nobody answers at ${url.replace(/\?.*/, "")}: is \`reactor run\` up?`));
      };
      const timer = setTimeout(fail, OPEN_TIMEOUT_MS);
      socket.onclose = fail;
      socket.onopen = () => {
        clearTimeout(timer);
        socket.onopen = null;
        resolve(new Signalling(socket));
      };
    });
  }

  /** Say who listens. Whoever awaited `open` is in time: nothing arrives before its continuation. */
  listen(listener: SignallingListener): void {
    this.#listener = listener;
  }

  setUp(setup: SessionSetup): void {
    this.#send({ type: "sessionSetup", data: setup });
  }

  /** Leave: the model is free for the next client at once. */
  end(): void {
    this.#send({ type: "sessionEnd", data: {} });
    this.close();
  }

  /** Close without a word: another connection has taken over, or (`PARTING_CLOSE`) will come for the session. */
  close(code = NORMAL_CLOSE): void {
    this.#listener = null;
    this.#socket.close(code);
  }

  #send(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #received(text: unknown): void {
    const message = typeof text === "string" ? parseServerMessage(text) : null;
    if (message) this.#listener?.onMessage(message);
  }

  #closed(event: CloseEvent): void {
    this.#listener?.onLost(event.reason || `The connection to the coordinator ended (${event.code}).`);
  }
}
