import { useContext, useEffect } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { StoreApi } from "zustand/vanilla";
import type { ReactorStats } from "../core/state";
import { ReactorContext } from "./ReactorProvider";
import type { ReactorStore } from "./store";
import { useLatest } from "./useLatest";

/**
 * What `selector` chooses from the session's state; the component renders again when that changes. A selector may
 * return a new object or array each time: their entries are compared.
 */
export function useReactor<Chosen>(selector: (store: ReactorStore) => Chosen): Chosen {
  return useStore(useReactorStore(), useShallow(selector));
}

/** Hear every message of the model; always by the handler of the last render. */
export function useReactorMessage(handler: (message: unknown) => void): void {
  const store = useReactorStore();
  const latest = useLatest(handler);
  useEffect(() => store.getState().onMessage((message) => latest.current(message)), [store, latest]);
}

/** What was measured over the last second; null before the session is ready. */
export function useReactorStats(): ReactorStats | null {
  return useReactor((store) => store.stats);
}

/** The session's state to look at when something happens, without rendering again. */
export function useReactorStore(): StoreApi<ReactorStore> {
  const store = useContext(ReactorContext);
  if (!store)
    throw new Error("Reactor's hooks and components work inside of a <ReactorProvider>: put one around this.");
  return store;
}
