// Enough to tell a picture from a black one.
const SAMPLE = 16;
// Video black is 16 of 255, and codecs add a little noise.
const DARK = 24;

/**
 * Tell once, when the model's first picture is on the screen. Before it the runtime sends black ones.
 *
 * @param anyWillDo black ones as well: the runtime says that its model plays.
 * @returns what ends the watching.
 */
export function watchForPicture(video: HTMLVideoElement, anyWillDo: boolean, onPicture: () => void): () => void {
  if (!("requestVideoFrameCallback" in video)) {
    (video as HTMLVideoElement).addEventListener("loadeddata", onPicture, { once: true });
    return () => (video as HTMLVideoElement).removeEventListener("loadeddata", onPicture);
  }
  const isLit = anyWillDo ? () => true : lightMeter();
  let request = 0;
  const look = (): void => {
    if (isLit(video)) onPicture();
    else request = video.requestVideoFrameCallback(look);
  };
  request = video.requestVideoFrameCallback(look);
  return () => video.cancelVideoFrameCallback(request);
}

function lightMeter(): (video: HTMLVideoElement) => boolean {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SAMPLE;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return (video) => {
    if (!pen) return true;
    pen.drawImage(video, 0, 0, SAMPLE, SAMPLE);
    const { data } = pen.getImageData(0, 0, SAMPLE, SAMPLE);
    return data.some((value, index) => index % 4 !== 3 && value > DARK);
  };
}
