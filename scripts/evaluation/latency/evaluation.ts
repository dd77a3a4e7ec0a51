/**
 * The latency evaluation: every series of the given traces played again, and every contender's scores.
 *
 * The learner's constants were chosen on some of the series; the report names them, and the numbers to
 * quote are those of the others.
 */
import catalogJson from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import type { LatencyPrior } from "../../../worker/routing/latency.ts";
import { createProgress } from "../../report/progress.ts";
import { median } from "../../report/quantiles.ts";
import type { Target } from "./contenders.ts";
import { learningCurve, type CurvePoint } from "./learning-curve.ts";
import { limitRows, type LimitRow } from "./limits.ts";
import { scoreReplay, type Score } from "./measures.ts";
import type { LatencyOptions } from "./options.ts";
import { replay } from "./replay.ts";
import type { Series } from "./series.ts";
import { readTrace } from "./traces.ts";

/** On these the learner's constants were chosen, by name. */
const CHOOSING = new Set(["gpt-3.5-turbo-0301", "gpt-4-0314", "mooncake_synthetic"]);

/** One target of one series. */
export interface LatencyTable {
  readonly series: string;
  readonly target: Target;
  readonly isMeasured: boolean;
  /** Whether the learner's constants were chosen on it. */
  readonly wasChosenOn: boolean;
  readonly calls: number;
  /** With the length guessed, as it is when a request comes in. */
  readonly scores: readonly Score[];
  /** With the length of each answer told beforehand; of the whole answer alone. */
  readonly toldLength?: readonly Score[];
  readonly curve: readonly CurvePoint[];
  readonly limits: readonly LimitRow[];
}

export interface LatencyEvaluation {
  readonly protocol: "latency";
  /** From which every series begins: the medians of the catalogue. */
  readonly prior: LatencyPrior;
  readonly resamples: number;
  readonly seed: number;
  readonly tables: readonly LatencyTable[];
}

/** Reads the traces and evaluates them; progress goes to stderr. Rejects as `readTrace` does. */
export async function evaluateLatency(options: LatencyOptions): Promise<LatencyEvaluation> {
  const { files, resamples, seed } = options;
  const prior = catalogMedian();
  const series: Series[] = [];
  for (const file of files) series.push(...(await readTrace(file, { prior, seed })));
  const tasks = series.flatMap((one) =>
    (one.isMeasured ? ["totalMs" as const] : ["totalMs" as const, "ttftMs" as const]).map(
      (target) => ({ one, target }),
    ),
  );
  const progress = createProgress("latency", tasks.length);
  const tables = tasks.map(({ one, target }, k): LatencyTable => {
    progress.update(k, `${one.name} ${target}`);
    return tableOf(one, target, options);
  });
  progress.update(tasks.length);
  progress.finish();
  return { protocol: "latency", prior, resamples, seed, tables };
}

function tableOf(
  series: Series,
  target: Target,
  { resamples, seed }: LatencyOptions,
): LatencyTable {
  const guessed = replay(series, { target, length: "guessed" });
  const sampling = { resamples, seed };
  return {
    series: series.name,
    target,
    isMeasured: series.isMeasured,
    wasChosenOn: CHOOSING.has(series.name),
    calls: series.calls.length,
    scores: scoreReplay(guessed, sampling),
    ...(target === "totalMs" && {
      toldLength: scoreReplay(replay(series, { target, length: "known" }), sampling),
    }),
    curve: learningCurve(guessed),
    limits: limitRows(guessed),
  };
}

/** What is known of a model that nobody has called: the catalogue's typical figures. */
function catalogMedian(): LatencyPrior {
  const { models } = parseCatalog(catalogJson);
  return {
    ttftMs: median(models.map(({ latency }) => latency.ttftMs)),
    outputTokensPerSecond: median(models.map(({ latency }) => latency.outputTokensPerSecond)),
  };
}
