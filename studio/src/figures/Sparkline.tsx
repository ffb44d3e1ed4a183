import type { ReactElement } from "react";
import { pathOf } from "./path";

/** The last of one figure, the newest at the right; for the eye only, the number stands beside it. */
export function Sparkline({ values }: { values: readonly (number | null)[] }): ReactElement {
  const { line, area } = pathOf(values);
  return (
    <svg className="spark" viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true">
      <path className="spark-area" d={area} />
      <path className="spark-line" d={line} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
