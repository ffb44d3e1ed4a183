// @vitest-environment node
import { rolldown } from "rolldown";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import * as sdk from "../src/index";

// 15,000 is what a page may take in at once that uses all of the SDK.
const PAGE_BYTES = 9_800;
const CONTROLS_BYTES = 8_800;

it("is small, and fetches the generated controls apart: only livekit-client and React are large", async () => {
  const app = await rolldown({
    input: "src/index.ts",
    external: ["livekit-client", /^react/],
    platform: "browser",
    preserveEntrySignatures: "allow-extension",
    onLog: () => undefined, // of "use client"
  });
  // As Vite does for a page: its bundler and its minifier.
  const { output } = await app.generate({ minify: true, comments: false });
  const sizes = output.map((chunk) => (chunk.type === "chunk" ? gzipSync(chunk.code).length : 0));
  expect(output.map(({ fileName }) => fileName.replace(/-.*/, ""))).toEqual(["index.js", "Panel"]);
  const [page = 0, controls = 0] = sizes;
  expect(page).toBeGreaterThan(1_000);
  expect(page).toBeLessThan(PAGE_BYTES);
  expect(controls).toBeGreaterThan(1_000);
  expect(controls).toBeLessThan(CONTROLS_BYTES);
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
