import { usePicture, type MediaTrack } from "@reactor-local/js-sdk";
import { useEffect, type ReactElement, type RefObject } from "react";

interface Props {
  video: RefObject<HTMLVideoElement | null>;
  track: MediaTrack | null;
  /** The model's first frame is on the screen. */
  onPicture: () => void;
}

/** The model's picture. When its track is gone the last frame stays, for whatever is told above it. */
export function Screen({ video, track, onPicture }: Props): ReactElement {
  useEffect(() => {
    if (video.current) track?.attach(video.current);
  }, [video, track]);
  const isShown = usePicture(video, track);
  useEffect(() => {
    if (isShown) onPicture();
  }, [isShown, onPicture]);
  return <video ref={video} className="screen" autoPlay muted playsInline aria-label="The model's picture" />;
}
