/**
 * What commands do to a rollout: each takes the one that is there and answers the next. Pure; who reads, signs and
 * writes it is rollout-storage.ts.
 *
 * Every change is one serial more. A trial keeps the serial of the rollout that began it, whatever else changes, so
 * that what has been held against it is not forgotten; only another trial is another one.
 */
import type { NamedRelease, Rollout, Trial } from "../../router-models/rollout.ts";

/** Whose requests the candidate gets. */
export interface Shares {
  /** Of all requests, 0 to 1, of tenants that are not named. */
  readonly share?: number | undefined;
  /** Of these tenants' requests. */
  readonly tenants?: Readonly<Record<string, number>> | undefined;
}

/**
 * `release` serves from now on, for everybody who is not pinned. A trial beside what served before is over.
 *
 * The first serial of all is the time in seconds, so that a rollout that begins anew, after one was lost, is newer than
 * whatever isolates have followed.
 */
export function published(
  before: Rollout | undefined,
  release: NamedRelease,
  nowMs: number,
): Rollout {
  if (before === undefined) {
    const serial = Math.floor(nowMs / 1000);
    return { format: 1, serial, at: timeOf(nowMs), serving: release };
  }
  const { trial: _, ...rest } = before;
  return next(serving(rest, release), nowMs);
}

/** `release` is tried beside what serves; a trial before it is over. */
export function tried(
  before: Rollout,
  { release, share, tenants }: { release: NamedRelease } & Shares,
  nowMs: number,
): Rollout {
  const after = next(before, nowMs);
  const { serial } = after;
  return { ...after, trial: widened({ ...release, serial, share: 0 }, { share, tenants }) };
}

/** The candidate serves; or, where shares are given, is on trial for these. Throws where there is none. */
export function promoted(before: Rollout, shares: Shares, nowMs: number): Rollout {
  const { trial, ...rest } = before;
  if (trial === undefined) throw new Error("There is no trial, so there is nothing to promote.");
  if (shares.share !== undefined || shares.tenants !== undefined)
    return next({ ...before, trial: widened(trial, shares) }, nowMs);
  const { id, version } = trial;
  return next(serving(rest, { id, version }), nowMs);
}

/** Without a trial, where there is one; else what served before serves again. Throws where nothing did. */
export function rolledBack(before: Rollout, nowMs: number): Rollout {
  const { trial, ...withoutTrial } = before;
  if (trial !== undefined) return next(withoutTrial, nowMs);
  const { previous, ...rest } = before;
  if (previous === undefined)
    throw new Error("There is no trial, and nothing is known to have served before.");
  return next({ ...rest, serving: previous }, nowMs);
}

/** All of a tenant's requests are answered by `release`. */
export function pinned(
  before: Rollout,
  { tenant, release }: { tenant: string; release: NamedRelease },
  nowMs: number,
): Rollout {
  return next({ ...before, pins: { ...before.pins, [tenant]: release } }, nowMs);
}

/** A tenant is like all others again. Throws where it was before. */
export function unpinned(before: Rollout, tenant: string, nowMs: number): Rollout {
  const pins = Object.entries(before.pins ?? {});
  const others = pins.filter(([name]) => name !== tenant);
  if (others.length === pins.length)
    throw new Error(`The tenant ${JSON.stringify(tenant)} is not pinned.`);
  const { pins: _, ...rest } = before;
  return next(others.length === 0 ? rest : { ...rest, pins: Object.fromEntries(others) }, nowMs);
}

/** The same once more, to be signed by other keys. */
export function repeated(before: Rollout, nowMs: number): Rollout {
  return next(before, nowMs);
}

/** Every release that a rollout names, once, with what it is there. */
export function namesIn(rollout: Rollout): { release: NamedRelease; roles: string[] }[] {
  const { serving: served, trial, previous, pins = {} } = rollout;
  const named: [NamedRelease | undefined, string][] = [
    [served, "serving"],
    [trial, "trial"],
    [previous, "previous"],
    ...Object.entries(pins).map(([tenant, release]): [NamedRelease, string] => [
      release,
      `pin of ${tenant}`,
    ]),
  ];
  const byId = new Map<string, { release: NamedRelease; roles: string[] }>();
  for (const [release, role] of named) {
    if (release === undefined) continue;
    const { id, version } = release;
    const entry = byId.get(id) ?? { release: { id, version }, roles: [] };
    entry.roles.push(role);
    byId.set(id, entry);
  }
  return [...byId.values()];
}

function serving(before: Rollout, release: NamedRelease): Rollout {
  if (before.serving.id === release.id) return { ...before, serving: release };
  return { ...before, serving: release, previous: before.serving };
}

function widened(trial: Trial, { share = trial.share, tenants }: Shares): Trial {
  const all = { ...trial.tenants, ...tenants };
  return { ...trial, share, ...(Object.keys(all).length > 0 && { tenants: all }) };
}

function next(rollout: Rollout, nowMs: number): Rollout {
  return { ...rollout, serial: rollout.serial + 1, at: timeOf(nowMs) };
}

function timeOf(nowMs: number): string {
  return new Date(nowMs).toISOString();
}
