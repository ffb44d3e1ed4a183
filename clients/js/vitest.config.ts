import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    environment: "jsdom",
    restoreMocks: true,
    unstubGlobals: true,
    setupFiles: "test/support/setup.ts",
  },
});
