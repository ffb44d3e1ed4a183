import { createContext, useEffect, useMemo, useState, type ReactElement, type ReactNode } from "react";
import type { StoreApi } from "zustand/vanilla";
import type { ReactorOptions } from "../core/reactor";
import { createReactorStore, type ReactorStore } from "./store";

export const ReactorContext = createContext<StoreApi<ReactorStore> | null>(null);

/** The options of a `Reactor`, and: */
export interface ReactorProviderProps extends ReactorOptions {
  /** Connect on mount. Default: true. */
  autoConnect?: boolean | undefined;
  children?: ReactNode;
}

/**
 * A session for everything below it: asked for on mount, left on unmount. Another model or another coordinator ends it
 * before the next one is asked for.
 */
export function ReactorProvider(props: ReactorProviderProps): ReactElement {
  const { autoConnect = true, children, modelName, modelVersion, coordinatorUrl, queueing, local } = props;
  const options = useMemo(
    () => ({ modelName, modelVersion, coordinatorUrl, queueing, local }),
    [modelName, modelVersion, coordinatorUrl, queueing, local],
  );
  const [{ store, mount }] = useState(() => createReactorStore(options));
  useEffect(() => mount(options, autoConnect), [mount, options, autoConnect]);
  return <ReactorContext.Provider value={store}>{children}</ReactorContext.Provider>;
}
