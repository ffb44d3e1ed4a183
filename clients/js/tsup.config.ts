import { rmSync } from "node:fs";
import { defineConfig } from "tsup";

rmSync("dist", { recursive: true, force: true }); // the three below run at once and can't clean up for each other

const shared = { format: ["esm" as const], target: "es2022" };

// The package's entry only names what the two parts export: an app without React takes nothing of the other part, and
// "use client" stands at the head of the part with React in it.
export default defineConfig([
  { ...shared, entry: { "core/index": "src/core/index.ts", "react/index": "src/react/index.ts" }, splitting: true },
  { ...shared, entry: ["src/index.ts"], bundle: false },
  {
    ...shared,
    entry: { index: "src/index.ts", "core/index": "src/core/index.ts", "react/index": "src/react/index.ts" },
    dts: { only: true },
  },
]);
