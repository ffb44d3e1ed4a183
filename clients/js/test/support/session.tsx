import { useEffect, type ReactElement, type ReactNode } from "react";
import { ReactorProvider, useReactor, type ReactorStore } from "../../src/index";

/** What the last render of a `Probe` saw. */
export const seen: { session: ReactorStore } = { session: undefined as unknown as ReactorStore };

function Probe(): null {
  const session = useReactor((all) => all);
  useEffect(() => void Object.assign(seen, { session }), [session]);
  return null;
}

/** A provider with a probe in it. */
export function Page({ children }: { children?: ReactNode }): ReactElement {
  return (
    <ReactorProvider modelName="m" local>
      <Probe />
      {children}
    </ReactorProvider>
  );
}
