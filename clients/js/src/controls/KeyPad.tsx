import { useEffect, useRef, type AriaAttributes, type ReactElement, type RefObject } from "react";
import { useLatest } from "../react/useLatest";
import { keyOf, placeOf, symbolOf } from "./keys";

interface KeyPadProps {
  names: string[];
  /** Those that count as down. */
  held: unknown[];
  attributes: AriaAttributes;
  /** Called with all that are down, the last one last, whenever one goes down or up. */
  onHeld: (names: string[]) => void;
}

/** Long enough for a model to see a key that assistive technology clicks, which knows no holding. */
const CLICK_MS = 120;

/** Keys that are down while they are held, by pointers and by the real keyboard. */
export function KeyPad({ names, held, attributes, onHeld }: KeyPadProps): ReactElement {
  const pad = useRef<HTMLDivElement>(null);
  const { hold, release } = useHeld(pad, names, onHeld);
  return (
    <div {...attributes} ref={pad} className="reactor-pad" role="group">
      {names.map((name) => (
        <button
          key={name}
          type="button"
          style={{ gridArea: placeOf(name) }}
          aria-label={name}
          aria-pressed={held.includes(name)}
          onPointerDown={(event) => event.button || hold(event.pointerId, name)}
          onKeyDown={(event) => {
            if (event.key !== " " && event.key !== "Enter") return;
            event.preventDefault();
            hold(event.code, name);
          }}
          onClick={(event) => {
            if (event.detail) return;
            hold(name, name);
            setTimeout(() => release(name), CLICK_MS);
          }}
          onContextMenu={(event) => event.preventDefault()}
        >
          {symbolOf(name)}
        </button>
      ))}
    </div>
  );
}

/** What holds a key: a pointer, by its number, or a key of the keyboard, by its code. */
type Holder = number | string;

interface Hands {
  hold: (by: Holder, name: string) => void;
  /** Without a holder: all that is held. */
  release: (by?: Holder) => void;
}

function useHeld(pad: RefObject<HTMLElement | null>, names: string[], onHeld: (names: string[]) => void): Hands {
  const down = useRef(new Map<Holder, string>());
  const tell = (): void => onHeld([...new Set(down.current.values())]);
  const hold: Hands["hold"] = (by, name) => {
    if (down.current.has(by)) return;
    down.current.set(by, name);
    tell();
  };
  const release: Hands["release"] = (by) => {
    const { size } = down.current;
    if (by === undefined) down.current.clear();
    else down.current.delete(by);
    if (down.current.size < size) tell();
  };
  const latest = useLatest(release);
  useEffect(() => listen(pad.current, names, { hold, release }));
  useEffect(() => () => latest.current(), [latest]);
  return { hold, release };
}

function listen(pad: HTMLElement | null, names: string[], { hold, release }: Hands): () => void {
  const ending = new AbortController();
  const on = <Type extends keyof WindowEventMap>(type: Type, handler: (event: WindowEventMap[Type]) => void): void =>
    window.addEventListener(type, handler, { signal: ending.signal });
  on("keydown", (event) => {
    const name = keyFor(event, pad, names);
    if (!name) return;
    event.preventDefault(); // arrows and space would scroll
    hold(event.code, name);
  });
  // While Meta is down, macOS tells of no other key that goes up.
  on("keyup", ({ key, code }) => release(key === "Meta" ? undefined : code));
  on("pointerup", ({ pointerId }) => release(pointerId));
  on("pointercancel", ({ pointerId }) => release(pointerId));
  on("blur", () => release());
  return () => ending.abort();
}

const TYPED = "textarea,select,[contenteditable],input:not([type=checkbox],[type=radio],[type=range],[type=file])";

/** Which of the pad's keys is meant, unless something else on the page has a use for it. */
function keyFor(event: KeyboardEvent, pad: HTMLElement | null, names: string[]): string | undefined {
  const { ctrlKey, metaKey, altKey, target } = event;
  if (ctrlKey || metaKey || altKey) return undefined;
  const find = (key: string): string | undefined => names.find((name) => keyOf(name) === keyOf(key));
  // By what is written on the key; with letters that no pad has, by where it is.
  const name = find(event.key) ?? find(event.code);
  if (!name || !(target instanceof Element)) return name;
  const focused = target.closest(".reactor-pad");
  if (focused) return focused === pad ? name : undefined;
  const key = keyOf(name);
  const users = /space|enter/.test(key) ? "input,video,button,a,summary" : key.length > 1 ? "input,video" : "";
  return target.closest(users ? `${TYPED},${users}` : TYPED) ? undefined : name;
}
