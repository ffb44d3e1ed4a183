/** One line of the log. */
export interface Entry {
  id: number;
  /** Milliseconds since 1970. */
  at: number;
  direction: "in" | "out" | "error";
  /** The message's `type`, or the command's name. */
  name: string;
  /** What came with it, as JSON; shortened beyond `MOST_CHARACTERS`. */
  text: string;
}

/** Older entries are forgotten. */
export const MOST_ENTRIES = 500;
const MOST_CHARACTERS = 8_000;
// What a reader can follow; commands may go out 60 times a second.
const TELL_INTERVAL_MS = 200;

/** The last messages between page and model, told to the page a few times a second. */
export class MessageLog {
  #entries: readonly Entry[] = [];
  #fresh: Entry[] = [];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #listeners = new Set<() => void>();

  add(direction: Entry["direction"], name: string, data: unknown): void {
    this.#count += 1;
    this.#fresh.push({ id: this.#count, at: Date.now(), direction, name, text: textOf(data) });
    if (this.#fresh.length > MOST_ENTRIES) this.#fresh.shift();
    this.#timer ??= setTimeout(() => this.#tell(), TELL_INTERVAL_MS);
  }

  clear(): void {
    this.#entries = [];
    this.#fresh = [];
    for (const listener of this.#listeners) listener();
  }

  /** Oldest first; another array after each change. */
  readonly entries = (): readonly Entry[] => this.#entries;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tell(): void {
    this.#timer = null;
    this.#entries = [...this.#entries, ...this.#fresh.splice(0)].slice(-MOST_ENTRIES);
    for (const listener of this.#listeners) listener();
  }
}

/** JSON on one line; long texts inside (images, usually) are cut first, so that the rest can be read. */
function textOf(data: unknown): string {
  const cut = (_key: string, value: unknown): unknown =>
    typeof value === "string" && value.length > 200 ? `${value.slice(0, 80)}… (${value.length} characters)` : value;
  const text = (JSON.stringify(data, cut) as string | undefined) ?? "";
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** Name and content of what a model sent: `{type, data}` or `{type, …}` by custom, any JSON in principle. */
export function nameAndData(message: unknown): { name: string; data: unknown } {
  if (typeof message !== "object" || message === null || !("type" in message) || typeof message.type !== "string") {
    return { name: "message", data: message };
  }
  const { type, ...rest } = message as { type: string; data?: unknown };
  const onlyData = Object.keys(rest).length === 1 && "data" in rest;
  return { name: type, data: onlyData ? rest.data : rest };
}

/** Those entries that have `words` in name or content, whatever the case. */
export function filtered(entries: readonly Entry[], words: string): readonly Entry[] {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return entries;
  return entries.filter(({ name, text }) => `${name} ${text}`.toLowerCase().includes(wanted));
}

/** One line for an editor or a terminal. */
export function lineOf({ at, direction, name, text }: Entry): string {
  return [new Date(at).toISOString(), direction, name, text].join("\t");
}
