// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as sdk from "../src/index";
import { createReactorStore } from "../src/react/store";

const page = readFileSync("../../docs/frontends.md", "utf8");
const controls = readFileSync("../../docs/controls.md", "utf8");
const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => readFileSync(`src/${path}`, "utf8"))
  .join("\n");

function entriesOf(interfaceName: string): string[] {
  const body = new RegExp(`interface ${interfaceName} [^{]*{(.*?)\n}`, "s").exec(sources)?.[1] ?? "";
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, name]) => name ?? "");
}

function missing(names: string[], where = page): string[] {
  expect(names.length).toBeGreaterThan(0);
  return names.filter((name) => !new RegExp(`\`${name}\\b`).test(where));
}

describe("the page about front ends", () => {
  it("tells every name that the package exports", () => {
    const names = Object.keys(sdk).filter((name) => !new RegExp(`\\b${name}\\b`).test(page));
    expect(names).toEqual([]);
  });

  it("tells everything that useReactor chooses from", () => {
    expect(missing(Object.keys(createReactorStore({ modelName: "m" }).store.getState()))).toEqual([]);
  });

  it.each(["ReactorEvents", "ReactorOptions", "ReactorProviderProps", "ReactorViewProps", "WebcamStreamProps"])(
    "tells every entry of %s",
    (name) => {
      expect(missing(entriesOf(name).filter((entry) => entry !== "children"))).toEqual([]);
    },
  );

  it("tells every code that the SDK itself makes", () => {
    const codes = [...sources.matchAll(/new ReactorError\(\s*"(\w+)"/g)].map(([, code]) => code ?? "");
    expect(missing(codes)).toEqual([]);
  });
});

it("tells every prop of the generated controls on their page", () => {
  expect(missing(entriesOf("CommandControlsProps"), controls)).toEqual([]);
});
