// @vitest-environment node
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { expect, it, onTestFinished } from "vitest";
import { SNIPPETS } from "../../src/dialogs/snippets";

const SDK = "../clients/js";
const SOCKET = "ws://localhost:8080/ws";
const PATIENCE_MS = 120_000; // two compilations on a slow machine

/** A snippet as a program that knows the SDK by what its package exports: what is wrong with it, and whether React is in it. */
function compiled(name: string, text: string): { faults: string[]; hasReact: boolean } {
  const { config } = ts.readConfigFile("tsconfig.json", (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  Object.assign(options.paths ?? {}, exportedPaths());
  if (!name.endsWith("x")) delete options.jsx; // with it each file means React's runtime
  const folder = mkdtempSync(join(tmpdir(), "snippet-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  const program = ts.createProgram([file], options);
  const faults = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
  return {
    faults: faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    hasReact: program.getSourceFiles().some(({ fileName }) => fileName.includes("/node_modules/@types/react/")),
  };
}

function exportedPaths(): Record<string, string[]> {
  const { name, exports } = JSON.parse(readFileSync(`${SDK}/package.json`, "utf8")) as {
    name: string;
    exports: Record<string, string | { types: string }>;
  };
  const paths: Record<string, string[]> = {};
  for (const [path, entry] of Object.entries(exports)) {
    if (typeof entry === "string") continue;
    paths[name + path.slice(1)] = [entry.types.replace("./dist", `${SDK}/src`).replace(".d.ts", ".ts")];
  }
  return paths;
}

it(
  "gives a JavaScript program that needs no React",
  () => {
    expect(compiled("snippet.ts", SNIPPETS.JavaScript(SOCKET, "ink"))).toEqual({ faults: [], hasReact: false });
  },
  PATIENCE_MS,
);

it(
  "gives a React program that fits the SDK's types",
  () => {
    expect(compiled("snippet.tsx", SNIPPETS.React(SOCKET, "ink"))).toEqual({ faults: [], hasReact: true });
  },
  PATIENCE_MS,
);
