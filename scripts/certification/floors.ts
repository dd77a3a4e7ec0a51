/**
 * From tested rows to the floors of a certificate.
 *
 * Three in four questions choose the margin and prove it; the fourth has no say and is where the kept
 * quality and the reference's share are measured, because numbers of the rows that chose would flatter.
 * The side is drawn by the question's hash, and so is the order of the bets.
 *
 * With slices, every task that the router tells apart gets a margin of its own, each proven at an equal
 * share of δ, so that all of them hold together at the stated confidence. A request is told its task by
 * the same router, so a slice needs no label that traffic does not carry.
 */
import {
  certifiedStep,
  MARGINS,
  rowsNeeded,
  type FloorClaim,
  type PolicyOutcomes,
} from "../../router-models/certificate.ts";
import type { CertifiedFloor } from "../../router-models/manifest.ts";
import { hashText } from "../../worker/lib/prng.ts";
import type { Answer, TestedRow } from "./panel.ts";

/** One question in so many is left for measuring. */
const MEASURED_IN = 4;

/** Too few rows for a promise; the message names the number that would do at the least. */
export class TooFewRowsError extends Error {
  override readonly name = "TooFewRowsError";
}

/** The floor over all rows. Throws TooFewRowsError. */
export function certifyAll(rows: readonly TestedRow[], claim: FloorClaim): CertifiedFloor {
  return certify(rows, claim, claim.confidence);
}

/**
 * A floor for each task that has rows enough, the others with the reason why not. Throws TooFewRowsError
 * where none has.
 */
export function certifySlices(
  rows: readonly TestedRow[],
  claim: FloorClaim,
): { floors: CertifiedFloor[]; refused: string[] } {
  const slices = [...Map.groupBy(rows, ({ task }) => task)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const confidence = 1 - (1 - claim.confidence) / slices.length;
  const floors: CertifiedFloor[] = [];
  const refused: string[] = [];
  for (const [task, members] of slices) {
    try {
      floors.push({ ...certify(members, claim, confidence), task });
    } catch (error) {
      if (!(error instanceof TooFewRowsError)) throw error;
      refused.push(`${task}: ${error.message}`);
    }
  }
  if (floors.length === 0) throw new TooFewRowsError(refused.join("; "));
  return { floors, refused };
}

/** @param tested The confidence of this one test, which may have to be higher than the one stated. */
function certify(
  rows: readonly TestedRow[],
  { floor, confidence }: FloorClaim,
  tested: number,
): CertifiedFloor {
  const [proving, measuring] = splitRows(rows);
  const claim = { floor, confidence: tested };
  const quality = mean(proving.map(({ reference }) => reference));
  const needed = rowsNeeded(claim, quality);
  if (proving.length < needed)
    throw new TooFewRowsError(
      `too few questions to promise a floor of ${floor} at confidence ${confidence}: ` +
        (needed === Infinity
          ? "the reference has no good answer among them"
          : `${proving.length} to prove it by, at least ${needed} are needed where the reference's ` +
            `quality is ${quality.toFixed(2)} (${Math.ceil((needed * MEASURED_IN) / (MEASURED_IN - 1))} ` +
            "with those left for measuring), and several times as many to save anything"),
    );
  const step = certifiedStep(outcomesOf(proving), claim);
  const measured = measure(measuring, ({ answers }) => answers[step]!);
  return {
    floor,
    confidence,
    margin: MARGINS[step]!,
    rows: proving.length,
    ...(Number.isFinite(measured.keptQuality) && {
      measured: { rows: measuring.length, ...measured },
    }),
  };
}

/** Questions that prove, in the order of the bets, and questions that measure. */
export function splitRows(rows: readonly TestedRow[]): [TestedRow[], TestedRow[]] {
  const ordered = rows.toSorted((a, b) => hashText(a.gid) - hashText(b.gid));
  return [ordered.filter((row) => !isMeasured(row)), ordered.filter(isMeasured)];
}

function isMeasured({ gid }: TestedRow): boolean {
  return hashText(`measured ${gid}`) % MEASURED_IN === 0;
}

export function outcomesOf(rows: readonly TestedRow[]): PolicyOutcomes {
  return {
    reference: Float64Array.from(rows, ({ reference }) => reference),
    answers: MARGINS.map((_, step) =>
      Float64Array.from(rows, ({ answers }) => answers[step]!.quality),
    ),
  };
}

/** What a way of answering keeps of the reference's quality, and how often it asks it; NaN for no rows. */
export function measure(
  rows: readonly TestedRow[],
  answerOf: (row: TestedRow) => Answer,
): { keptQuality: number; referenceShare: number } {
  const answers = rows.map(answerOf);
  const reference = mean(rows.map((row) => row.reference));
  return {
    keptQuality: rounded(mean(answers.map(({ quality }) => quality)) / reference),
    referenceShare: rounded(mean(answers.map(({ isByReference }) => Number(isByReference)))),
  };
}

/** NaN for none. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}
