import { useContext, useEffect, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { isObject, type JsonObject } from "../core/protocol";
import type { ReactorStats } from "../core/state";
import { ReactorContext } from "./ReactorProvider";
import type { ReactorHandle, ReactorStore } from "./store";

// React 18 warns of layout effects on a server.
const useEarlyEffect = typeof document === "undefined" ? useEffect : useLayoutEffect;

/**
 * What `selector` chooses from the session's state; the component renders again when that changes. A selector may
 * return a new object or array each time: their entries are compared.
 */
export function useReactor<Chosen>(selector: (store: ReactorStore) => Chosen): Chosen {
  const { getState, subscribe } = useReactorStore();
  const last = useRef<Chosen>(undefined);
  const choose = (): Chosen => {
    const chosen = selector(getState());
    if (!isSame(last.current, chosen)) last.current = chosen;
    return last.current as Chosen;
  };
  return useSyncExternalStore(subscribe, choose, choose);
}

/** The same value, or plain objects or arrays with the same entries. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isPlain(one) || !isPlain(other)) return Object.is(one, other);
  const entries = Object.entries(other);
  return entries.length === Object.keys(one).length && entries.every(([name, entry]) => Object.is(entry, one[name]));
}

function isPlain(value: unknown): value is JsonObject {
  return Array.isArray(value) || (isObject(value) && value.constructor === Object);
}

/** Hear every message of the model; always by the handler of the last render. */
export function useReactorMessage(handler: (message: unknown) => void): void {
  const store = useReactorStore();
  const latest = useRef(handler);
  useEarlyEffect(() => {
    latest.current = handler;
  }, [handler]);
  useEffect(() => store.getState().onMessage((message) => latest.current(message)), [store]);
}

/** What was measured over the last second; null before the session is ready. */
export function useReactorStats(): ReactorStats | null {
  return useReactor((store) => store.stats);
}

function useReactorStore(): ReactorHandle["store"] {
  const store = useContext(ReactorContext);
  if (!store)
    throw new Error("Reactor's hooks and components work inside of a <ReactorProvider>: put one around this.");
  return store;
}
