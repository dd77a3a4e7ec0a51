/**
 * The floors that the incumbent certifies, proven for the new router on the same kind of rows: rows of base sets that it
 * has not learnt. A log cannot certify, since of each prompt it knows one model's answer.
 */
import { fileURLToPath } from "node:url";
import type { Manifest } from "../../router-models/manifest.ts";
import { runInGroup } from "../cloudflare/process-group.ts";

const COMMAND = fileURLToPath(new URL("../certify.ts", import.meta.url));
const TIMEOUT_MS = 3_600_000;

export interface CertifyingOptions {
  readonly release: string;
  readonly incumbent: Manifest;
  readonly sets?: string | undefined;
  readonly data: readonly string[];
}

/** Writes what can be proven into the release. Answers what could not be, in words for people. */
export async function certifyLike({
  release,
  incumbent,
  sets,
  data,
}: CertifyingOptions): Promise<string[]> {
  const floors = incumbent.certificate?.floors.filter(({ task }) => task === undefined) ?? [];
  if (floors.length === 0) return [];
  if (sets === undefined && data.length === 0)
    return [
      "No floor is certified: that takes rows with the answers of all models (--sets, --data).",
    ];
  const rows = [
    ...(data.length > 0 ? ["--data", data.join(",")] : []),
    ...(sets === undefined ? [] : ["--sets", sets]),
  ];
  const unproven: string[] = [];
  for (const { floor, confidence } of floors) {
    const claim = ["--floor", String(floor), "--confidence", String(confidence)];
    const args = [COMMAND, ...claim, "--model", release, ...rows];
    try {
      await runInGroup("certify", {
        args,
        cwd: process.cwd(),
        env: process.env,
        timeoutMs: TIMEOUT_MS,
      });
    } catch (error) {
      const why = error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : "";
      unproven.push(`The floor ${floor} is not certified: ${why}`);
    }
  }
  return unproven;
}
