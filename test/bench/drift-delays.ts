/**
 * How soon the detectors of drift find what is there, and how often what is not: ARCHITECTURE.md, "Watching".
 *
 *     node test/bench/drift-delays.ts
 *
 * Outcomes are drawn, 1 or 0, from a seed; a model is as predicted for 1,000 rewards and then is not. Two minutes.
 */
import { parseArgs } from "node:util";
import { noDrift, observe, type Drift } from "../../worker/learning/detectors/drift.ts";
import { newTrial, seeSide } from "../../worker/learning/detectors/trial.ts";
import { randomFrom, type Random } from "../../worker/lib/prng.ts";

const CALM = 1_000;
const MOST = 10_000;

const { values } = parseArgs({ options: { runs: { type: "string", default: "1000" } } });
const RUNS = Number(values.runs);

interface Rewards {
  readonly mean: number;
  readonly score: number;
  readonly weight?: number;
}

/** The drift after at most so many rewards, and after how many it was found. */
function until(
  start: Drift,
  { mean, score, weight = 1, most }: Rewards & { most: number },
  random: Random,
): { drift: Drift; rewards: number } {
  let drift = start;
  for (let n = 1; n <= most; n++) {
    const value = random() < mean ? 1 : 0;
    drift = observe(drift, { value, expected: score, weight, atMs: n * 1_000 });
    if (drift.alarm !== undefined) return { drift, rewards: n };
  }
  return { drift, rewards: most };
}

function quantiles(delays: readonly number[]): string {
  const sorted = delays.toSorted((a, b) => a - b);
  const [median, late] = [0.5, 0.95].map((share) => sorted[Math.floor(share * sorted.length)]);
  return `median ${median}, 95 % within ${late}`;
}

function showDelays(random: Random): void {
  for (const weight of [1, 0.5])
    for (const to of [0.2, 0.5]) {
      const delays = Array.from({ length: RUNS }, () => {
        const calm = { mean: 0.8, score: 0.8, weight, most: CALM };
        const { drift } = until(noDrift(), calm, random);
        return until(drift, { mean: to, score: 0.8, weight, most: MOST }, random).rewards;
      });
      console.log(`rewards of weight ${weight} from 0.8 to ${to}: ${quantiles(delays)}`);
    }
}

/** @param meanAt By number of the reward. */
function showFalseAlarms(name: string, meanAt: (n: number) => number, random: Random): void {
  const rewards = 1_000 * RUNS;
  let [drift, alarms] = [noDrift(), 0];
  for (let n = 0; n < rewards; n++) {
    const value = random() < meanAt(n) ? 1 : 0;
    drift = observe(drift, { value, expected: 0.8, weight: 1, atMs: n * 1_000 });
    if (drift.alarm === undefined) continue;
    alarms++;
    drift = noDrift();
  }
  console.log(`false alarms per 100,000 rewards, ${name}: ${(alarms / rewards) * 100_000}`);
}

const FINE = { error: 0.02, good: 0.8, slow: 0.1, costMicroUsd: 200 };

/** Requests of a candidate until its trial is halted, of which it has a tenth; undefined where it is not. */
function trialOf(candidate: typeof FINE, most: number, random: Random): number | undefined {
  let trial = newTrial();
  for (let n = 0; n < most; n++) {
    const side = random() < 0.1 ? "candidate" : "incumbent";
    const { error, good, slow, costMicroUsd } = side === "candidate" ? candidate : FINE;
    const told = {
      isFirst: true,
      ending: random() < error ? ("failed" as const) : ("complete" as const),
      signals: [],
      costMicroUsd,
      savedMicroUsd: 1_000 - costMicroUsd,
      durationMs: (random() < slow ? 5_000 : 1_000) + 1_000 * random(),
      reward: { value: random() < good ? 1 : 0, weight: 1 },
    };
    trial = seeSide(trial, told, { side, isNewWord: true });
    if (trial.halted !== undefined) return trial.requests.candidate;
  }
  return undefined;
}

function showTrials(random: Random): void {
  const bad = {
    "errors from 0.02 to 0.4": { ...FINE, error: 0.4 },
    "slow answers from 0.1 to 0.6": { ...FINE, slow: 0.6 },
    "cost from 0.2 to 0.6 of the reference's": { ...FINE, costMicroUsd: 600 },
    "reward from 0.8 to 0.5": { ...FINE, good: 0.5 },
  };
  for (const [name, candidate] of Object.entries(bad)) {
    const runs = Array.from({ length: RUNS / 5 }, () => trialOf(candidate, 100_000, random)!);
    console.log(`a candidate with ${name}, its requests: ${quantiles(runs)}`);
  }
  const runs = Array.from({ length: RUNS / 2 }, () => trialOf(FINE, MOST, random));
  const halted = runs.filter((requests) => requests !== undefined).length;
  console.log(`equal candidates halted within ${MOST} requests: ${halted} of ${runs.length}`);
}

const random = randomFrom(11);
showDelays(random);
showFalseAlarms("as predicted", () => 0.8, random);
showFalseAlarms("0.3 below from the start", () => 0.5, random);
showFalseAlarms("0.1 up or down every 2,000", (n) => (n % 4_000 < 2_000 ? 0.85 : 0.75), random);
showTrials(random);
