// @vitest-environment node
import { build } from "esbuild";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import * as sdk from "../src/index";

const BUDGET_BYTES = 18 * 1024; // 15 is what is wanted

it("is small: livekit-client is the only large thing about it", async () => {
  const { outputFiles } = await build({
    entryPoints: ["src/index.ts"],
    bundle: true,
    minify: true,
    format: "esm",
    packages: "external",
    write: false,
  });
  const size = outputFiles.reduce((total, file) => total + gzipSync(file.contents).length, 0);
  expect(size).toBeGreaterThan(1024);
  expect(size).toBeLessThan(BUDGET_BYTES);
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
