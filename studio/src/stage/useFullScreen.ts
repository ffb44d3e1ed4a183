import { useEffect, useState, type RefObject } from "react";

/** Whether that element fills the screen, and a switch for it; `toggle` is null where the browser can't. */
export function useFullScreen(target: RefObject<HTMLElement | null>): { isFull: boolean; toggle: (() => void) | null } {
  const [isFull, setIsFull] = useState(false);
  useEffect(() => {
    const look = (): void => setIsFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, []);
  if (!document.fullscreenEnabled) return { isFull, toggle: null };
  const toggle = (): void => {
    const change = isFull ? document.exitFullscreen() : target.current?.requestFullscreen();
    change?.catch(() => undefined); // refused: nothing has changed, and the button still says so
  };
  return { isFull, toggle };
}
