/**
 * What the cache of answers does to a request: a streamed answer of the simulated vendor, which answers at once, without
 * the cache, with it for the first time, and given again. Worker, object and shelves are on this machine: there is no
 * network between them, nor to the vendor, which is what a hit saves beside the answer's own time.
 *
 * Beside that a crowd: so many ask the same at once, streamed and of something new, and every one gets it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { timedCall } from "../gateway/timed-call.ts";
import { inTurns, type TurnOptions, type TurnRow, type Way } from "../report/in-turns.ts";
import { startLocalWorker } from "../simulation/local-worker.ts";
import { spawnVendor } from "../simulation/spawned-vendor.ts";

const MODEL = "mistral/mistral-large-2512";
const CROWD = 500;
/** An answer that is cut short is not kept. */
const WHOLE = { stream: true, answerTokens: 4_000 };

/** What became of the crowd. */
interface Crowd {
  readonly size: number;
  readonly vendorCalls: number;
  /** Until the last of them had the whole answer. */
  readonly totalMs: number;
}

/** Rejects where an answer is not whole, or the cache did something else than its row says. */
export async function compareCache(
  options: TurnOptions,
): Promise<{ rows: TurnRow[]; crowd: Crowd }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-cache-"));
  const vendor = await spawnVendor(0);
  try {
    const worker = await startLocalWorker({
      vendorUrl: vendor.url,
      persist: folder,
      logLevel: "error",
      vars: { LOG_LEVEL: "error" },
    });
    try {
      const url = worker.directUrl;
      const ways = [
        wayThrough(url, { name: "without the cache", mode: "off" }),
        wayThrough(url, { name: "the first time", mode: "exact" }),
        wayThrough(url, { name: "given again", mode: "exact", isAgain: true }),
      ];
      const parts = ["a stream, to its first text", "a stream, to its end"];
      const rows = await inTurns(ways, parts, options);
      return { rows, crowd: await crowdAt(url, vendor.url) };
    } finally {
      await worker.close();
    }
  } finally {
    vendor.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Kind {
  readonly name: string;
  readonly mode: "off" | "exact";
  /** Asks in every round what was asked before. */
  readonly isAgain?: boolean;
}

function wayThrough(url: string, { name, mode, isAgain = false }: Kind): Way {
  const target = targetAt(url, mode);
  return {
    name,
    async run(round) {
      const subject = isAgain ? "once more" : `${name}, ${round}`;
      const content = `Why does a boat rise in a lock? (${subject})`;
      const {
        firstTextMs = NaN,
        totalMs,
        cache,
      } = await timedCall({ ...target, name }, { ...WHOLE, content });
      if (round >= 0 && (cache === "hit") !== isAgain)
        throw new Error(`"${name}" was a ${cache} in the cache`);
      return [firstTextMs, totalMs];
    },
  };
}

function targetAt(url: string, mode: string) {
  const headers = { "x-sluice-cache": mode };
  return { name: mode, url: `${url}/v1/chat/completions`, model: MODEL, headers };
}

async function crowdAt(url: string, vendorUrl: string): Promise<Crowd> {
  await fetch(`${vendorUrl}/__sim/requests`, { method: "DELETE" });
  const question = { ...WHOLE, content: "What did the crowd ask?" };
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: CROWD }, () => timedCall(targetAt(url, "exact"), question)),
  );
  const totalMs = performance.now() - startedMs;
  const answer = await fetch(`${vendorUrl}/__sim/requests`);
  const { requests } = z.object({ requests: z.array(z.unknown()) }).parse(await answer.json());
  return { size: CROWD, vendorCalls: requests.length, totalMs };
}

export function crowdText({ size, vendorCalls, totalMs }: Crowd): string {
  const calls = `${vendorCalls} ${vendorCalls === 1 ? "call" : "calls"} of a vendor`;
  return `${size} who asked the same at once: ${calls}, ${totalMs.toFixed(0)} ms until the last had it all`;
}
