/** A rollout in words, one line for each release and each tenant that it speaks of. */
import type { NamedRelease, Rollout } from "../../router-models/rollout.ts";

/** The label of `x-sluice-weights`. */
export function labelOf({ id, version }: NamedRelease): string {
  return `${version}@${id.slice(0, 12)}`;
}

/** @param keys Ids of the keys that are said to have signed it. */
export function described(rollout: Rollout, keys: readonly string[]): string {
  const { serial, at, serving, previous, trial, pins = {} } = rollout;
  const lines = [
    `serial    ${serial}, of ${at}, ${keys.length === 0 ? "not signed" : `signed by ${keys.join(", ")}`}`,
    `serving   ${labelOf(serving)}`,
    `previous  ${previous === undefined ? "unknown" : labelOf(previous)}`,
  ];
  if (trial === undefined) lines.push("trial     none");
  else {
    lines.push(`trial     ${labelOf(trial)} for ${percent(trial.share)}, since ${trial.serial}`);
    for (const [tenant, share] of Object.entries(trial.tenants ?? {}))
      lines.push(`          for ${percent(share)} of ${tenant}`);
  }
  for (const [tenant, release] of Object.entries(pins))
    lines.push(`pin       ${tenant} to ${labelOf(release)}`);
  return lines.join("\n");
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}
