import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { defineConfig, type Plugin, type Rolldown } from "vite";

type RolldownOptions = Rolldown.InputOptions;

const SDK = fileURLToPath(new URL("../clients/js/src/index.ts", import.meta.url));
const COORDINATOR = process.env.REACTOR_COORDINATOR ?? "http://localhost:8080";

/** Leave each text file's compressed form beside it, so that the coordinator compresses nothing while it serves. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => void (folder = config.build.outDir),
    async closeBundle() {
      const files = await readdir(folder, { recursive: true });
      for (const name of files.filter((file) => /\.(js|css|html|svg)$/.test(file))) {
        const path = join(folder, name);
        await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }));
      }
    },
  };
}

/** The SDK's "use client" means nothing to a page without a server. */
const quiet: NonNullable<RolldownOptions["onLog"]> = (level, log, handler) => {
  if (log.code !== "MODULE_LEVEL_DIRECTIVE") handler(level, log);
};

export default defineConfig({
  base: "./",
  plugins: [compressed()],
  resolve: {
    alias: { "@reactor-local/js-sdk": SDK },
    // The SDK's source lies beside us, but takes its packages from here.
    dedupe: ["react", "react-dom", "livekit-client", "zustand"],
  },
  build: {
    outDir: "../coordinator/reactor_coordinator/studio",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // a data: address would need a wider Content-Security-Policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900, // one chunk is what loads fastest here; scripts/check bounds its compressed size
    rolldownOptions: { onLog: quiet, output: { codeSplitting: false } },
  },
  server: { proxy: { "/health": COORDINATOR, "/capabilities": COORDINATOR, "/ws": { target: COORDINATOR, ws: true } } },
});
