/** How fast a forecast becomes good: the median error of the calls seen 1 to 10, 11 to 20, 21 to 40 and so on. */
import { median } from "../../report/quantiles.ts";
import type { Replay } from "./replay.ts";

export interface CurvePoint {
  /** Calls up to the end of this stretch. */
  readonly calls: number;
  /** By contender, the median of |log(forecast p50 / actual)| within it. */
  readonly errors: Readonly<Record<string, number>>;
}

const FIRST = 10;

/** Stretches that double, up to the end of the series. */
export function learningCurve({ actualMs, forecasts }: Replay): CurvePoint[] {
  const points: CurvePoint[] = [];
  for (let from = 0, to = FIRST; from < actualMs.length; from = to, to *= 2) {
    const end = Math.min(to, actualMs.length);
    const errors = [...forecasts].map(([who, own]): [string, number] => [
      who,
      median(
        own.slice(from, end).map(({ p50 }, k) => Math.abs(Math.log(p50 / actualMs[from + k]!))),
      ),
    ]);
    points.push({ calls: end, errors: Object.fromEntries(errors) });
  }
  return points;
}
