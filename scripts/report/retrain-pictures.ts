/** A retraining as pictures: what answers were worth model by model, what each slice gains, how scores come true. */
import type { Estimate } from "../evaluation/bootstrap.ts";
import type { Picture } from "./evaluation-pictures.ts";
import type { RetrainInput } from "./retrain-report.ts";
import { frame, note, picture, type Axis, type Series } from "./svg.ts";

/** Rows of a picture that can still be told apart. */
const MOST_ROWS = 14;

export function retrainPictures({ dataset, judgement }: RetrainInput): Picture[] {
  const { estimates, calibration } = judgement;
  const all = estimates && [
    { name: "all", interval: estimates.all.difference },
    ...estimates.slices.map(({ name, estimate }) => ({ name, interval: estimate.difference })),
  ];
  return [
    { name: "reward.svg", svg: rewardPicture(dataset.answers) },
    ...(all === undefined ? [] : [{ name: "gain.svg", svg: gainPicture(all) }]),
    ...(calibration === undefined
      ? []
      : [{ name: "calibration.svg", svg: calibrationPicture(calibration) }]),
  ];
}

function rewardPicture(answers: RetrainInput["dataset"]["answers"]): string {
  const shown = answers.slice(0, MOST_ROWS);
  const place = frame({ ...SHARES, label: "Mean reward" }, rowAxis("Models", shown.length));
  const points = shown.map(({ reward }, row) => [reward, rowAt(row, shown.length)] as const);
  return picture("What answers were worth", place, {
    series: [{ name: "reward", style: "router", kind: "dots", points }],
    extra: shown
      .map(({ model, reward }, row) =>
        note(model, { x: place.x(reward), y: place.y(rowAt(row, shown.length)) }),
      )
      .join("\n"),
  });
}

interface NamedInterval {
  readonly name: string;
  readonly interval: Estimate;
}

function gainPicture(intervals: readonly NamedInterval[]): string {
  const shown = intervals
    .filter(({ interval }) => [interval.low, interval.high].every(Number.isFinite))
    .slice(0, MOST_ROWS);
  const ends = shown.flatMap(({ interval }) => [interval.low, interval.high]);
  const rows = shown.length;
  const place = frame(spanAxis("Reward gained", ends), rowAxis("Slices", rows));
  const lines = shown.map(({ name, interval }, row): Series => {
    const at = rowAt(row, rows);
    const points = [
      [interval.low, at],
      [interval.high, at],
    ] as const;
    return { name: "", style: name === "all" ? "router" : "ridge", kind: "line", points };
  });
  const zero: Series = {
    name: "no gain",
    style: "zero",
    kind: "line",
    points: [
      [0, 0],
      [0, rows],
    ],
  };
  const values: Series = {
    name: "gain",
    style: "router",
    kind: "dots",
    points: shown.map(({ interval }, row) => [interval.value, rowAt(row, rows)]),
  };
  return picture("What the new router gains", place, {
    series: [zero, ...lines, values],
    extra: shown
      .map(({ name, interval }, row) =>
        note(name, { x: place.x(interval.value), y: place.y(rowAt(row, rows)) }),
      )
      .join("\n"),
  });
}

function calibrationPicture(
  calibration: NonNullable<RetrainInput["judgement"]["calibration"]>,
): string {
  const place = frame(
    { ...SHARES, label: "Predicted quality" },
    { ...SHARES, label: "Observed reward" },
  );
  const perfect: Series = {
    name: "perfect",
    style: "zero",
    kind: "line",
    points: [
      [0, 0],
      [1, 1],
    ],
  };
  const lines = (["incumbent", "candidate"] as const).map((side): Series => {
    const filled = calibration[side].bins.filter(({ count }) => count > 0);
    return {
      name: side,
      style: side === "candidate" ? "router" : "length",
      kind: "line",
      points: filled.map(({ meanScore, meanOutcome }) => [meanScore, meanOutcome]),
    };
  });
  return picture("How scores come true", place, { series: [perfect, ...lines] });
}

const SHARES = {
  from: 0,
  to: 1,
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  format: (value: number) => value.toFixed(1),
};

/** The first row is at the top. */
function rowAt(row: number, rows: number): number {
  return rows - row - 0.5;
}

function rowAxis(label: string, rows: number): Axis {
  return { label, from: 0, to: Math.max(rows, 1), ticks: [], format: () => "" };
}

function spanAxis(label: string, values: readonly number[]): Axis {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const step = 10 ** Math.ceil(Math.log10(Math.max(most - least, 1e-3) / 5));
  const from = Math.floor(least / step) * step;
  const to = Math.ceil(most / step) * step;
  const ticks = Array.from(
    { length: Math.round((to - from) / step) + 1 },
    (_, k) => from + k * step,
  );
  return { label, from, to, ticks, format: (value) => value.toFixed(step < 0.01 ? 3 : 2) };
}
