import { useEffect, useRef, type ReactElement, type RefObject } from "react";

const INTERVAL_MS = 1_000;

interface Props {
  video: RefObject<HTMLVideoElement | null>;
  isLive: boolean;
}

/** What the picture was like, in a few pixels: the ground for what is told when it is gone. */
export function LastSeen({ video, isLive }: Props): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!isLive) return;
    const draw = (): void => {
      const [from, to] = [video.current, canvas.current];
      if (from && to && from.videoWidth > 0) to.getContext("2d")?.drawImage(from, 0, 0, to.width, to.height);
    };
    draw();
    const timer = setInterval(draw, INTERVAL_MS);
    return () => clearInterval(timer);
  }, [video, isLive]);
  return <canvas ref={canvas} className="last-seen" width={48} height={30} aria-hidden="true" hidden={isLive} />;
}
