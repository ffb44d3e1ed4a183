import { useEffect, useRef, type ReactElement } from "react";

const FALL = 0.85; // of the shown level a frame, so that syllables don't flicker
const QUIETEST_DB = -60;

/** How loud a microphone is: a bar that says that the browser hears something. */
export function Level({ stream }: { stream: MediaStream | null }): ReactElement {
  const bar = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    if (!stream) return;
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    let frame = requestAnimationFrame(function draw() {
      analyser.getFloatTimeDomainData(samples);
      shown = Math.max(levelOf(samples), shown * FALL);
      if (bar.current) bar.current.value = shown;
      frame = requestAnimationFrame(draw);
    });
    return () => {
      cancelAnimationFrame(frame);
      void audio.close();
    };
  }, [stream]);
  return <meter ref={bar} className="level" aria-label="How loud it is" min={0} max={1} />;
}

/** Of samples between -1 and 1: 0 for silence, 1 for full scale, even steps of decibels between. */
export function levelOf(samples: Float32Array): number {
  let squares = 0;
  for (const sample of samples) squares += sample * sample;
  const decibels = 10 * Math.log10(squares / samples.length + Number.EPSILON);
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
}
