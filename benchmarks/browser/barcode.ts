// Reads the benchmarks' barcode (benchmarks/barcode.py) from a playing video element.

const SQUARE_PX = 16;
const COLUMNS = 48;
const ROWS = 2;
const MAGIC = 0b1011_0010;
const BYTES = (ROWS * COLUMNS) / 8;

const canvas = new OffscreenCanvas(COLUMNS * SQUARE_PX, ROWS * SQUARE_PX);
const pen = canvas.getContext("2d", { willReadFrequently: true })!;

export interface Reading {
  /** By the clock of whoever drew it. */
  drawnAtMs: number;
  /** What the last command before the drawing said. */
  tag: number;
  number: number;
}

/** What the picture on the screen says of itself; null: nothing readable, as a flat picture. */
export function read(video: HTMLVideoElement): Reading | null {
  pen.drawImage(video, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const bytes = new Uint8Array(BYTES);
  for (let bit = 0; bit < ROWS * COLUMNS; bit++) {
    const x = (bit % COLUMNS) * SQUARE_PX + SQUARE_PX / 2;
    const y = Math.floor(bit / COLUMNS) * SQUARE_PX + SQUARE_PX / 2;
    if (data[(y * canvas.width + x) * 4 + 1]! > 127) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  }
  const sum = bytes.subarray(0, -1).reduce((total, byte) => (total + byte) & 0xff, 0);
  if (bytes[0] !== MAGIC || bytes.at(-1) !== sum) return null;
  return { drawnAtMs: field(bytes, 1, 7) / 1000, tag: bytes[7]!, number: field(bytes, 8, 11) };
}

/** Wait for a picture that fits; the moment at which it was readable, by `performance.now()`. */
export function firstSeen(video: HTMLVideoElement, fits: (reading: Reading) => boolean = () => true): Promise<number> {
  return new Promise((resolve) => {
    const look = (): void => {
      const reading = video.videoWidth > 0 ? read(video) : null;
      if (reading && fits(reading)) resolve(performance.now());
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
}

/** Every picture readable within a time, once: when it was drawn, and when it was readable. */
export async function seenWithin(video: HTMLVideoElement, milliseconds: number): Promise<[number, number][]> {
  const seen = new Map<number, [number, number]>();
  const end = performance.now() + milliseconds;
  await firstSeen(video, ({ number, drawnAtMs }) => {
    const now = performance.now();
    if (!seen.has(number)) seen.set(number, [drawnAtMs, now]);
    return now >= end;
  });
  return [...seen.values()];
}

function field(bytes: Uint8Array, from: number, to: number): number {
  return bytes.subarray(from, to).reduce((value, byte) => value * 256 + byte, 0);
}
