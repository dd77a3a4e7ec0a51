/**
 * What a new router must pass before anybody is served by it: pure, from what was measured to a list of verdicts.
 *
 * A gate that has nothing to go by does not pass: a router is refused for want of evidence as it is for bad news. Only
 * slices are the other way round: so many are looked at that each would have to be large to prove that it is no worse,
 * so one refuses where it is shown to be worse, with the error shared out among them.
 */

export interface GateLimits {
  /** Reward that the lower bound of the gain may fall short by. 0: the new router is proven to be no worse. */
  readonly margin: number;
  /** Rows of the new router's own that the logged ones must be worth. */
  readonly sampleSize: number;
  /** Of the new router's draws, the share that no logged decision may be able to stand for. */
  readonly unsupported: number;
  /** Reward that a slice may lose. */
  readonly sliceMargin: number;
  /** Expected calibration error that may be added. */
  readonly calibrationMargin: number;
  /** Of the graph; isolates hold several. */
  readonly sizeBytes: number;
  /** Times the incumbent's. */
  readonly latencyRatio: number;
}

export const DEFAULT_LIMITS: GateLimits = {
  margin: 0,
  sampleSize: 200,
  unsupported: 0.05,
  sliceMargin: 0.02,
  calibrationMargin: 0.02,
  sizeBytes: 3 * 2 ** 20,
  latencyRatio: 1.25,
};

interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The new router and the incumbent on one scale. */
export interface Compared {
  readonly candidate: number;
  readonly incumbent: number;
}

export interface Measured {
  /** Reward of the new router's decisions less that of the incumbent's; NaN where nothing can be said. */
  readonly gain: Interval;
  readonly effectiveSampleSize: number;
  /** 0 to 1 */
  readonly unsupported: number;
  /** Intervals whose errors add up to that of `gain`. */
  readonly slices: readonly { readonly name: string; readonly gain: Interval }[];
  /** Expected calibration errors, 0 to 1. */
  readonly calibration: Compared;
  readonly sizeBytes: number;
  /** Median milliseconds of a run of the graph, both in turns. */
  readonly latency: Compared;
  /** Largest difference from a golden answer, and what may be; the first answer that is out of it. */
  readonly golden: {
    readonly worst: number;
    readonly tolerance: number;
    readonly failure?: string | undefined;
  };
  /** Why the release cannot be opened by the program that serves; absent where it can. */
  readonly unfit?: string | undefined;
}

export interface Gate {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly passed: boolean;
  readonly why: string;
}

/** Every gate, passed or not, in a fixed order. */
export function gatesOf(measured: Measured, limits: GateLimits): Gate[] {
  return [
    gainGate(measured, limits),
    atLeast(
      "evidence",
      [measured.effectiveSampleSize, limits.sampleSize],
      "so many rows of its own the log is worth",
    ),
    atMost(
      "support",
      [measured.unsupported, limits.unsupported],
      "share of its choices that nobody has tried",
    ),
    sliceGate(measured, limits),
    calibrationGate(measured, limits),
    atMost("size", [measured.sizeBytes, limits.sizeBytes], "bytes of the graph"),
    latencyGate(measured, limits),
    goldenGate(measured),
    fitGate(measured),
  ];
}

export function haveAllPassed(gates: readonly Gate[]): boolean {
  return gates.every(({ passed }) => passed);
}

function gainGate({ gain }: Measured, { margin }: GateLimits): Gate {
  return atLeast("reward", [gain.low, -margin], "lower bound of the reward gained, doubly robust");
}

function sliceGate({ slices }: Measured, { sliceMargin }: GateLimits): Gate {
  const told = slices.filter(({ gain }) => Number.isFinite(gain.high));
  const worst = told.toSorted((a, b) => a.gain.high - b.gain.high)[0];
  const value = worst?.gain.high ?? 0;
  const name = worst === undefined ? "there is no slice" : `of ${worst.name}, the worst`;
  return atLeast("slices", [value, -sliceMargin], `upper bound of the reward gained ${name}`);
}

function calibrationGate({ calibration }: Measured, { calibrationMargin }: GateLimits): Gate {
  const { candidate, incumbent } = calibration;
  return atMost(
    "calibration",
    [candidate, incumbent + calibrationMargin],
    "expected calibration error",
  );
}

function latencyGate({ latency }: Measured, { latencyRatio }: GateLimits): Gate {
  const ratio = latency.candidate / latency.incumbent;
  return atMost("latency", [ratio, latencyRatio], "times the incumbent's");
}

function goldenGate({ golden: { worst, tolerance, failure } }: Measured): Gate {
  const gate = atMost(
    "golden",
    [worst, tolerance],
    failure ?? "largest difference from a golden answer",
  );
  return { ...gate, passed: gate.passed && failure === undefined };
}

function fitGate({ unfit }: Measured): Gate {
  const why = unfit ?? "opens, with the features of this program";
  return {
    name: "features",
    value: unfit === undefined ? 0 : 1,
    limit: 0,
    passed: unfit === undefined,
    why,
  };
}

/** NaN does not pass. */
function atLeast(name: string, [value, limit]: readonly [number, number], why: string): Gate {
  return { name, value, limit, passed: value >= limit, why };
}

function atMost(name: string, [value, limit]: readonly [number, number], why: string): Gate {
  return { name, value, limit, passed: value <= limit, why };
}
