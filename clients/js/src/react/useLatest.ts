import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

// React 18 warns of layout effects on a server.
const useEarlyEffect = typeof document === "undefined" ? useEffect : useLayoutEffect;

/** The value of the last render, for what outlives a render. */
export function useLatest<Value>(value: Value): RefObject<Value> {
  const latest = useRef(value);
  useEarlyEffect(() => {
    latest.current = value;
  }, [value]);
  return latest;
}
