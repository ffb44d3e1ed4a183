import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const SDK = fileURLToPath(new URL("../clients/js/src/index.ts", import.meta.url));

export default defineConfig({
  resolve: {
    alias: { "@reactor-local/js-sdk": SDK },
    dedupe: ["react", "react-dom", "livekit-client", "zustand"],
  },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "jsdom", restoreMocks: true },
});
