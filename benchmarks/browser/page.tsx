// What the benchmarks measure in Chromium. `?coordinator=URL` shows the quick start's page besides; `&connect` at once.

import { createRoot } from "react-dom/client";
import {
  ReactorController,
  ReactorProvider,
  ReactorView,
  useReactor,
  type ReactorStore,
} from "../../clients/js/src/index";
import { firstSeen, seenWithin } from "./barcode";
import { firstFrame, floorFirstFrame, floorPictures } from "./plain";

const query = new URLSearchParams(location.search);
const coordinatorUrl = query.get("coordinator");
let session: ReactorStore;

function Session(): null {
  session = useReactor((store) => store);
  return null;
}

if (coordinatorUrl) {
  createRoot(document.getElementById("root")!).render(
    <ReactorProvider modelName="barcode" coordinatorUrl={coordinatorUrl} local autoConnect={query.has("connect")}>
      <ReactorView />
      <ReactorController />
      <Session />
    </ReactorProvider>,
  );
}

async function element<Kind extends Element>(selector: string): Promise<Kind> {
  for (;;) {
    const found = document.querySelector<Kind>(selector);
    if (found) return found;
    await new Promise(requestAnimationFrame);
  }
}

const modelVideo = (): Promise<HTMLVideoElement> => element("#root video");

/** Connect and wait for the first model frame in the view; milliseconds that took. */
async function connect(video: HTMLVideoElement): Promise<number> {
  const asked = performance.now();
  const seen = firstSeen(video);
  await session.connect();
  return (await seen) - asked;
}

/** Milliseconds from `connect()` to the first model frame. */
async function sdkFirstFrame(): Promise<number> {
  const took = await connect(await modelVideo());
  await session.disconnect();
  return took;
}

/** The pictures of a stretch of video in the view, after it has settled. */
async function sdkPictures(settleMs: number, stretchMs: number): Promise<[number, number][]> {
  const video = await modelVideo();
  await connect(video);
  await seenWithin(video, settleMs);
  const seen = await seenWithin(video, stretchMs);
  await session.disconnect();
  return seen;
}

/** Milliseconds from each movement of the slider to the first picture that shows it, at any moment between two frames. */
async function sliderMoves(values: number[], settleMs: number): Promise<number[]> {
  const video = await modelVideo();
  await connect(video);
  const slider = await element<HTMLInputElement>("input[type=range]");
  const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!;
  await seenWithin(video, settleMs);
  const took: number[] = [];
  for (const value of values) {
    await new Promise((resolve) => setTimeout(resolve, 100 + 100 * Math.random()));
    const moved = performance.now();
    const seen = firstSeen(video, ({ tag }) => tag === value);
    setValue.call(slider, String(value));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    took.push((await seen) - moved);
  }
  await session.disconnect();
  return took;
}

/** Milliseconds from the start of the navigation to the first model frame, in a page that connects at once. */
async function sinceNavigation(): Promise<number> {
  return firstSeen(await modelVideo());
}

Object.assign(window, {
  firstFrame,
  floorFirstFrame,
  floorPictures,
  sdkFirstFrame,
  sdkPictures,
  sinceNavigation,
  sliderMoves,
});
