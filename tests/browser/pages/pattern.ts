// Reads the tests' picture (tests/support/pattern.py) from a playing video element.

const ROWS = 4;
const COLUMNS = 6;
const NUMBER_BITS = 20;

const canvas = new OffscreenCanvas(1, 1);
const pen = canvas.getContext("2d", { willReadFrequently: true })!;

/** The number that the video shows now; null: none. */
export function readNumber(video: HTMLVideoElement): number | null {
  const { videoWidth: width, videoHeight: height } = video;
  if (width === 0 || height === 0) return null;
  canvas.width = width;
  canvas.height = height;
  pen.drawImage(video, 0, 0);
  const top = Math.floor(height / 4);
  const middle = height - 2 * top;
  let bits = 0;
  for (let index = 0; index < ROWS * COLUMNS; index++) {
    const x = Math.floor((width * ((index % COLUMNS) + 0.5)) / COLUMNS);
    const y = top + Math.floor((middle * (Math.floor(index / COLUMNS) + 0.5)) / ROWS);
    if (pen.getImageData(x, y, 1, 1).data[1]! > 127) bits |= 1 << index;
  }
  const number = bits & ((1 << NUMBER_BITS) - 1);
  return checked(number) === bits ? number : null;
}

/** Different numbers seen in the video from now on. */
export function numbersSeen(video: HTMLVideoElement, count: number): Promise<number[]> {
  const seen: number[] = [];
  return new Promise((resolve) => {
    const look = (): void => {
      const number = readNumber(video);
      if (number !== null && number !== seen.at(-1)) seen.push(number);
      if (seen.length >= count) resolve(seen);
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
}

function checked(number: number): number {
  let check = 0b1010;
  for (let shift = 0; shift < NUMBER_BITS; shift += 4) check ^= (number >> shift) & 0b1111;
  return (check << NUMBER_BITS) | number;
}
