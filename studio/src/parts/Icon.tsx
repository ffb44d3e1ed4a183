import type { ReactElement } from "react";

// Drawn on a grid of 20, lines of 1.6.
const PATHS = {
  alert: "M10 4.5v7M10 15v.01",
  camera: "M3 6.5h9v7H3zM12 9l5-2.5v7L12 11",
  check: "m4 10.5 4 4 8-9",
  close: "m5 5 10 10M15 5 5 15",
  code: "m7 6-4 4 4 4m6-8 4 4-4 4",
  copy: "M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4",
  down: "m5 8 5 5 5-5",
  expand: "M3.5 8V3.5H8M12 3.5h4.5V8M16.5 12v4.5H12M8 16.5H3.5V12",
  lan: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13M3.5 10h13M10 3.5c2.4 2 2.4 11 0 13M10 3.5c-2.4 2-2.4 11 0 13",
  microphone: "M7.5 5.5a2.5 2.5 0 0 1 5 0v4a2.5 2.5 0 0 1-5 0zM4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5",
  pause: "M7 4.5v11M13 4.5v11",
  photo: "M3 6.5h3.5l1.5-2h4l1.5 2H17v9.5H3zM10 8.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 1 0 0-5",
  play: "M6.5 4.5v11l9-5.5z",
  record: "M10 4.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11",
  shrink: "M8 3.5V8H3.5M16.5 8H12V3.5M12 16.5V12h4.5M3.5 12H8v4.5",
  silent: "M4 8v4h2.5l4 3.5v-11l-4 3.5zM13.5 8l3.5 4M17 8l-3.5 4",
  sound: "M4 8v4h2.5l4 3.5v-11l-4 3.5zM13.5 7.5a3.5 3.5 0 0 1 0 5M15.5 5.5a6.5 6.5 0 0 1 0 9",
  stop: "M5.5 5.5h9v9h-9z",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6",
};

export type IconName = keyof typeof PATHS;

/** A drawing; the words beside or around it say what it means. */
export function Icon({ name }: { name: IconName }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
