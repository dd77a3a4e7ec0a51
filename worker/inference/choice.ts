/**
 * Which of the loaded releases answers a request: what it asks for, what its tenant is pinned to, its side of a trial,
 * or what serves.
 *
 * A trial splits requests, not tenants or users, by a hash of their ids under the trial's serial. So the sides are
 * drawn as by lot, equal whoever looks, and two trials draw differently. A trial is on only while both sides are
 * loaded, and for nobody who has no chance to get the candidate: on either side must be the same kind of request.
 */
import type { Rollout, Trial } from "../../router-models/rollout.ts";
import { RouterError } from "../domain/errors.ts";
import type { DecisionRecord } from "../domain/event.ts";
import { hashText } from "../lib/prng.ts";
import { wantedBy, type ReleaseShelf } from "./release-shelf.ts";
import type { ServedRelease } from "./served-release.ts";
import type { Slot } from "./slot.ts";

/** Who asks. */
export interface Asking {
  readonly tenant: string;
  readonly requestId: string;
  /** Version or label of the release that is wanted and no other. */
  readonly asked?: string | undefined;
}

/** The trial that a request is part of, by the serial of the rollout that began it. */
export type OnTrial = NonNullable<DecisionRecord["trial"]>;

export interface Choice {
  readonly slot: Slot<ServedRelease>;
  readonly trial?: OnTrial;
  /** A pin that could not be heeded. */
  readonly missed?: { readonly tenant: string; readonly id: string };
}

interface Service {
  readonly rollout: Rollout | undefined;
  readonly shelf: ReleaseShelf<ServedRelease>;
  /** Serials of trials that are over. */
  readonly halted: ReadonlySet<number>;
}

/** What serves, where nobody is said to ask. Throws RouterError 400 for a release that is not served. */
export function choose(asking: Asking | undefined, service: Service): Choice {
  const { rollout, shelf } = service;
  const serving = { slot: shelf.inService };
  if (asking === undefined) return serving;
  const { tenant, asked } = asking;
  if (asked !== undefined) return { slot: askedFor(asked, service) };
  if (rollout === undefined) return serving;
  const pin = entryOf(rollout.pins, tenant);
  if (pin === undefined) return onTrial(asking, rollout, service) ?? serving;
  const slot = shelf.get(pin.id);
  return slot === undefined ? { ...serving, missed: { tenant, id: pin.id } } : { slot };
}

/** The request's side of the trial; undefined where there is none for it. */
function onTrial(
  { tenant, requestId }: Asking,
  { trial, serving }: Rollout,
  { shelf, halted }: Service,
): Choice | undefined {
  if (trial === undefined || halted.has(trial.serial)) return undefined;
  const candidate = shelf.get(trial.id);
  const { inService } = shelf;
  const share = shareOf(trial, tenant);
  if (candidate === undefined || share === 0 || inService.value.id !== serving.id) return undefined;
  const { serial } = trial;
  return unitOf(serial, requestId) < share
    ? { slot: candidate, trial: { serial, side: "candidate" } }
    : { slot: inService, trial: { serial, side: "incumbent" } };
}

/** Where a request stands among all, uniform in [0, 1); the same whenever it is asked. */
export function unitOf(serial: number, requestId: string): number {
  return hashText(`${serial} ${requestId}`) / 2 ** 32;
}

function shareOf({ share, tenants }: Trial, tenant: string): number {
  return entryOf(tenants, tenant) ?? share;
}

/** Tenants are called what they like, `constructor` too. */
function entryOf<T>(entries: Record<string, T> | undefined, tenant: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, tenant) ? entries[tenant] : undefined;
}

function askedFor(asked: string, { rollout, shelf }: Service): Slot<ServedRelease> {
  const wanted = rollout === undefined ? [] : wantedBy(rollout);
  const served = new Set([shelf.inService, ...wanted.flatMap(({ id }) => shelf.get(id) ?? [])]);
  for (const slot of served)
    if (asked === slot.value.weights || asked === slot.value.version) return slot;
  const labels = [...served].map(({ value }) => value.weights).join(", ");
  throw new RouterError(
    "invalid_request_error",
    `The weights ${JSON.stringify(asked)} are not served; served are ${labels}`,
    { code: "weights_unknown", param: "weights" },
  );
}
