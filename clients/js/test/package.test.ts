// @vitest-environment node
import { build } from "esbuild";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import * as sdk from "../src/index";

// 15,000 is what a page may take in at once that uses all of the SDK.
const PAGE_BYTES = 11_500;
const CONTROLS_BYTES = 9_000;

it("is small, and fetches the generated controls apart: only livekit-client and React are large", async () => {
  const app = 'import * as sdk from "./src/index"; globalThis.sdk = sdk;';
  const { outputFiles } = await build({
    stdin: { contents: app, resolveDir: "." },
    external: ["livekit-client", "react"],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    outdir: "dist",
    write: false,
  });
  const size = (isCounted: (path: string) => boolean): number =>
    outputFiles
      .filter(({ path }) => isCounted(path))
      .reduce((total, { contents }) => total + gzipSync(contents).length, 0);
  const isLater = (path: string): boolean => path.includes("Panel");
  for (const [bytes, limit] of [
    [size((path) => !isLater(path)), PAGE_BYTES],
    [size(isLater), CONTROLS_BYTES],
  ] as const) {
    expect(bytes).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThan(limit);
  }
});

it("exports what pages are built with, and nothing else", () => {
  expect(Object.keys(sdk).sort()).toEqual([
    "CommandControls",
    "Reactor",
    "ReactorController",
    "ReactorError",
    "ReactorProvider",
    "ReactorView",
    "WebcamStream",
    "usePicture",
    "usePublished",
    "useReactor",
    "useReactorMessage",
    "useReactorStats",
    "useUserMedia",
  ]);
});
