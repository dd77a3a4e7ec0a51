/**
 * Whether certified floors are kept on live traffic.
 *
 * A certificate promises that answers have, on average, at least a share of the reference model's quality. Of certified
 * requests that somebody has spoken of,
 *
 *     x = quality · score of the reference − reward
 *
 * has a mean of at most 0 while that is so, and is bet against (bets.ts, begun anew where bets have lost). Once
 * the bets are won the certificate counts as broken, until another one is in service: then start anew.
 *
 * What it believes is the reference's predicted score: nobody has seen its answers. Where people speak mostly of what
 * they dislike, the promise looks worse than it is.
 */
import { z } from "zod";
import type { Observation } from "../../domain/observation.ts";
import { betAnew, logMean, SIZES, unbet } from "./bets.ts";

/** Requests between false alarms on average, at the least, where the promise is only just kept. */
export const ALARM = 10_000;

export const certificateWatchSchema = z.object({
  logs: z.array(z.number()).length(SIZES.length),
  requests: z.number().nonnegative(),
  /** Of x by weight, and the weight. */
  sum: z.number(),
  weight: z.number().nonnegative(),
  brokenMs: z.number().optional(),
});
export type CertificateWatch = z.output<typeof certificateWatchSchema>;

export function noCertificateWatch(): CertificateWatch {
  return { logs: unbet(), requests: 0, sum: 0, weight: 0 };
}

type Told = Pick<Observation, "quality" | "isCertified" | "referenceScore" | "reward" | "atMs">;

/** After a request that somebody has spoken of, each once; others than certified ones change nothing. */
export function hearPromise(watch: CertificateWatch, told: Told): CertificateWatch {
  const { quality, isCertified, referenceScore, reward, atMs } = told;
  if (quality === undefined || !isCertified || watch.brokenMs !== undefined) return watch;
  const x = Math.min(Math.max(quality * referenceScore, 0), 1) - reward.value;
  const weight = Math.min(reward.weight, 1);
  const logs = betAnew(watch.logs, x, weight);
  return {
    logs,
    requests: watch.requests + 1,
    sum: watch.sum + weight * x,
    weight: watch.weight + weight,
    ...(logMean(logs) >= Math.log(ALARM) && { brokenMs: atMs }),
  };
}

/** Log wealth of the bets against the promise; log ALARM breaks it. */
export function promiseEvidence({ logs }: CertificateWatch): number {
  return logMean(logs);
}
