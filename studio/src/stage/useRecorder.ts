import type { MediaTrack } from "@reactor-local/js-sdk";
import { useEffect, useRef, useState } from "react";
import { save } from "./capture";

const FORMATS = ["video/mp4;codecs=avc1.42E01F", "video/webm;codecs=vp8", "video/webm"];
// An hour at 8 Mbit/s is 3.6 GB, which a browser keeps on disk until it is saved.
const LONGEST_S = 3600;
const BITRATE = 8_000_000;
const CHUNK_MS = 1_000;

export interface Recorder {
  /** Whole seconds so far; null: not recording. */
  seconds: number | null;
  canRecord: boolean;
  start: () => void;
  /** End it and save the file. */
  stop: () => void;
}

/** Records the model's track; a track that ends is saved up to there. */
export function useRecorder(track: MediaTrack | null, fileName: () => string): Recorder {
  const running = useRef<MediaRecorder | null>(null);
  const [seconds, setSeconds] = useState<number | null>(null);
  const format =
    typeof MediaRecorder === "undefined" ? undefined : FORMATS.find((type) => MediaRecorder.isTypeSupported(type));

  const stop = (): void => running.current?.stop();
  const start = (): void => {
    if (!track || !format || running.current) return;
    const recorder = new MediaRecorder(new MediaStream([track.mediaStreamTrack]), {
      mimeType: format,
      videoBitsPerSecond: BITRATE,
    });
    const chunks: Blob[] = [];
    const name = `${fileName()}.${format.startsWith("video/mp4") ? "mp4" : "webm"}`;
    recorder.ondataavailable = ({ data }) => {
      if (data.size > 0) chunks.push(data);
    };
    recorder.onstop = () => {
      running.current = null;
      setSeconds(null);
      if (chunks.length > 0) save(new Blob(chunks, { type: format }), name);
    };
    recorder.start(CHUNK_MS);
    running.current = recorder;
    setSeconds(0);
  };

  const isRunning = seconds !== null;
  useEffect(() => {
    if (!isRunning) return;
    const begun = performance.now();
    const timer = setInterval(() => {
      const passed = Math.floor((performance.now() - begun) / 1000);
      setSeconds((before) => (before === null ? null : passed));
      if (passed >= LONGEST_S) running.current?.stop();
    }, 500);
    return () => clearInterval(timer);
  }, [isRunning]);
  useEffect(() => () => running.current?.stop(), [track]);
  return { seconds, canRecord: track !== null && format !== undefined, start, stop };
}
