import { useEffect, useState, type RefObject } from "react";
import type { MediaTrack } from "../core/mediaRoom";
import { watchForPicture } from "./firstPicture";
import { useReactor } from "./hooks";

/**
 * Whether a video element to which the model's track is attached shows a picture of the model: until then it is empty
 * or black.
 */
export function usePicture(video: RefObject<HTMLVideoElement | null>, track: MediaTrack | null): boolean {
  const [seen, setSeen] = useState<MediaTrack | null>(null);
  const plays = useReactor((session) => (session.stats?.runtime?.fps ?? 0) > 0);
  useEffect(() => {
    if (!video.current || !track || seen === track) return;
    return watchForPicture(video.current, plays, () => setSeen(track));
  }, [video, track, plays, seen]);
  return track !== null && seen === track;
}
