/**
 * The switch and the promise on namespaces whose truth is known: what happens when answers change, how often hits end
 * without a reason, and in how many namespaces more of them are wrong than the budget allows.
 *
 * All of it runs on the worker/cache/trust that serves. Namespaces are made up, so this proves the arithmetic and the
 * switch, not that real prompts are like them; that is for `--cache` with pairs.
 */
import { createProgress } from "../../report/progress.ts";
import { driftRows, spreadOf, type DriftRow, type Spread } from "./drift-rows.ts";
import { COURSE, driftedNamespace } from "./drift-runs.ts";
import { alarmRow, STEADY, type AlarmRow } from "./false-alarms.ts";
import type { DriftOptions } from "./options.ts";
import { KINDS, lifeOf, live, promiseRow, type Lived, type PromiseRow } from "./promise.ts";

/** Namespaces of the promise, and audits of each steady share, for each run of the drift. */
const LIVES = 4;
const AUDITS = 100_000;

export interface DriftEvaluation {
  readonly protocol: "cache-drift";
  readonly budget: number;
  readonly runs: number;
  readonly seed: number;
  readonly course: typeof COURSE;
  /** Namespaces that served nothing when answers changed, and are in no row. */
  readonly unopened: number;
  /** Requests of the others until the first hit of their lives. */
  readonly untilOpen: Spread;
  readonly drifts: readonly DriftRow[];
  readonly alarms: readonly AlarmRow[];
  readonly promise: {
    readonly rows: readonly PromiseRow[];
    /** Of namespaces that could serve something, and of all. */
    readonly servable: PromiseRow;
    readonly all: PromiseRow;
  };
}

/** Progress goes to stderr. */
export function evaluateDrift({ budget, runs, seed }: DriftOptions): DriftEvaluation {
  const lives = LIVES * runs;
  const progress = createProgress("drift", runs + STEADY.length + lives);
  let done = 0;
  function onStep(note: string): void {
    progress.update(++done, note);
  }
  const drifted = Array.from({ length: runs }, (_, run) => {
    const namespace = driftedNamespace(run, { budget, seed });
    onStep("answers change");
    return namespace;
  }).filter((namespace) => namespace !== undefined);
  const alarms = STEADY.map((part) => {
    const row = alarmRow(part, { budget, audits: AUDITS * runs, seed });
    onStep("false alarms");
    return row;
  });
  const lived = KINDS.map((): Lived[] => []);
  for (let k = 0; k < lives; k++) {
    const kind = k % KINDS.length;
    lived[kind]!.push(live(KINDS[kind]!, { budget, random: lifeOf(kind, k, seed) }));
    onStep("the promise");
  }
  progress.finish();
  const all = lived.flat();
  return {
    protocol: "cache-drift",
    budget,
    runs,
    seed,
    course: COURSE,
    unopened: runs - drifted.length,
    untilOpen: spreadOf(drifted.map(({ untilOpen }) => untilOpen)),
    drifts: driftRows(drifted, { budget, seed }),
    alarms,
    promise: {
      rows: KINDS.map(({ name }, kind) => promiseRow(name, lived[kind]!, budget)),
      servable: promiseRow(
        "all that ever served",
        all.filter(({ hits }) => hits > 0),
        budget,
      ),
      all: promiseRow("all", all, budget),
    },
  };
}
