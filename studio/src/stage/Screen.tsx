import type { MediaTrack } from "@reactor-local/js-sdk";
import { watchForPicture } from "@sdk/react/firstPicture";
import { useEffect, type ReactElement, type RefObject } from "react";

interface Props {
  video: RefObject<HTMLVideoElement | null>;
  track: MediaTrack | null;
  /** The model plays, whatever its picture looks like. */
  plays: boolean;
  /** The model's first frame is on the screen. */
  onPicture: () => void;
}

/** The model's picture. When its track is gone the last frame stays, for whatever is told above it. */
export function Screen({ video, track, plays, onPicture }: Props): ReactElement {
  useEffect(() => {
    const element = video.current;
    if (!track || !element) return;
    track.attach(element);
    return watchForPicture(element, plays, onPicture);
  }, [video, track, plays, onPicture]);
  return <video ref={video} className="screen" autoPlay muted playsInline aria-label="The model's picture" />;
}
