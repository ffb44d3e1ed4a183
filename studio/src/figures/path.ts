import { MOST_SAMPLES } from "./history";

const WIDTH = 120;
const HEIGHT = 28;
const MARGIN = 2;

/** SVG paths of a plot from zero to its highest value; gaps where nothing is known. */
export function pathOf(values: readonly (number | null)[]): { line: string; area: string } {
  const highest = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = WIDTH / (MOST_SAMPLES - 1);
  const start = WIDTH - (values.length - 1) * step;
  const runs: { x: number; y: number }[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) return void runs.push([]);
    const y = HEIGHT - MARGIN - (value / highest) * (HEIGHT - 2 * MARGIN);
    runs.at(-1)?.push({ x: round(start + index * step), y: round(y) });
  });
  const drawn = runs.filter((run) => run.length > 1);
  const line = drawn.map((run) => `M${run.map(({ x, y }) => `${x} ${y}`).join("L")}`);
  const area = drawn.map((run, index) => `${line[index] ?? ""}V${HEIGHT}H${run[0]?.x ?? 0}Z`);
  return { line: line.join(""), area: area.join("") };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
