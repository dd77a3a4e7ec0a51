/** The promise of certified floors: broken where it is broken, and not where it is only just kept. */
import { describe, it } from "vitest";
import {
  ALARM,
  certificateWatchSchema,
  hearPromise,
  noCertificateWatch,
  promiseEvidence,
  type CertificateWatch,
} from "../../../../worker/learning/detectors/certificate-watch.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";
import { madeUpObservation } from "./made-up-observation.ts";

/** After so many requests with 0.9 of 0.9 promised, that somebody liked with probability `mean`. */
function heard(
  watch: CertificateWatch,
  count: number,
  { random, mean }: { random: Random; mean: number },
) {
  let next = watch;
  for (let n = 0; n < count; n++) {
    const reward = { value: random() < mean ? 1 : 0, weight: 1 };
    next = hearPromise(
      next,
      madeUpObservation({ quality: 0.9, isCertified: true, reward, atMs: n }),
    );
  }
  return next;
}

describe("the promise of certified floors", () => {
  it("is not broken by requests that keep it, even only just", ({ expect }) => {
    const random = randomFrom(1);
    for (let run = 0; run < 20; run++)
      expect(heard(noCertificateWatch(), 1_000, { random, mean: 0.81 }).brokenMs).toBeUndefined();
  });

  it("is broken by requests that do not, however long it was kept before", ({ expect }) => {
    const random = randomFrom(2);
    const kept = heard(noCertificateWatch(), 3_000, { random, mean: 0.95 });
    expect(kept.brokenMs).toBeUndefined();
    const broken = heard(kept, 300, { random, mean: 0.4 });
    expect(broken.brokenMs).toBeLessThan(150);
    expect(promiseEvidence(broken)).toBeGreaterThanOrEqual(Math.log(ALARM));
    expect(certificateWatchSchema.parse(JSON.parse(JSON.stringify(broken)))).toEqual(broken);
  });

  it("is none where nothing was promised, or by predictions alone", ({ expect }) => {
    const watch = noCertificateWatch();
    expect(hearPromise(watch, madeUpObservation({ isCertified: true }))).toBe(watch);
    expect(hearPromise(watch, madeUpObservation({ quality: 0.9 }))).toBe(watch);
  });
});
