/**
 * Gateways side by side, in one run, on one machine, before one simulated vendor.
 *
 * First one request at a time: in every round each target is asked the same, streamed and whole, in an order that
 * rotates, and each is compared with the direct call of its own round. So whatever slows the machine for a while
 * slows both sides of a difference. The vendor sends the n-th event of every answer at the same time after the
 * request, so the difference between the arrivals of the n-th events is what a gateway held that event back.
 * Then under load, in short blocks that take turns: requests a second, and the CPU time that the operating system
 * counts for the gateway's process.
 */
import { randomFrom } from "../../worker/lib/prng.ts";
import { median, medianInterval, quantile } from "../report/quantiles.ts";
import { textTable } from "../report/text-table.ts";
import { spawnVendor } from "../simulation/spawned-vendor.ts";
import { startTargets, type Target } from "./targets.ts";
import { timedCall, type Timing } from "./timed-call.ts";

/** As quick as a real vendor gets; then 2,000 tokens a second. */
const VENDOR_TTFT_MS = 20;
const WARM_UP_ROUNDS = 20;
const BLOCKS = 8;

export interface GatewayOptions {
  /** Rounds of one request at a time, and requests of each target under load. */
  readonly requests: number;
  readonly concurrency: number;
  readonly portkeyFolder?: string;
  readonly report: (done: number, total: number, note: string) => void;
}

/** Milliseconds, but for the counts. `added` is against the direct call; absent for it. */
export interface GatewayRow {
  readonly name: string;
  readonly ttft: Times;
  readonly whole: Times;
  /** By how much the events of a stream came later, all of them: median and 99th percentile. */
  readonly eventDelay?: { readonly p50: number; readonly p99: number };
  readonly loadP50: number;
  readonly loadP99: number;
  readonly requestsPerSecond: number;
  /** Of the gateway's process, per request, streamed and whole ones half and half. */
  readonly cpuMsPerRequest?: number;
}

interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly added?: {
    /** Median of the differences within rounds, with its 95 % bootstrap interval. */
    readonly p50: number;
    readonly interval: readonly [low: number, high: number];
    /** Difference of the 99th percentiles. */
    readonly p99: number;
  };
}

/** Runs the whole comparison. Rejects when any answer of any target is not whole. */
export async function compareGateways(options: GatewayOptions): Promise<GatewayRow[]> {
  const vendor = await spawnVendor(VENDOR_TTFT_MS);
  try {
    const targets = await startTargets(vendor.url, options.portkeyFolder);
    try {
      const alone = await oneAtATime(targets.list, options);
      const loaded = await underLoad(targets.list, options);
      const [direct] = alone;
      return targets.list.map(({ name }, i) => ({
        name,
        ...timesOf(alone[i]!, i === 0 ? undefined : direct!),
        ...loaded[i]!,
      }));
    } finally {
      await targets.close();
    }
  } finally {
    vendor.stop();
  }
}

interface Rounds {
  readonly streamed: Timing[];
  readonly whole: Timing[];
}

async function oneAtATime(
  targets: readonly Target[],
  { requests, report }: GatewayOptions,
): Promise<Rounds[]> {
  const measured: Rounds[] = targets.map(() => ({ streamed: [], whole: [] }));
  for (let round = -WARM_UP_ROUNDS; round < requests; round++) {
    for (let turn = 0; turn < targets.length; turn++) {
      const i = (turn + round + WARM_UP_ROUNDS) % targets.length;
      const content = questionOf(round);
      const streamed = await timedCall(targets[i]!, { content, stream: true });
      const whole = await timedCall(targets[i]!, { content, stream: false });
      if (round < 0) continue;
      measured[i]!.streamed.push(streamed);
      measured[i]!.whole.push(whole);
    }
    report(Math.max(round + 1, 0), requests, "one at a time");
  }
  return measured;
}

function timesOf(
  { streamed, whole }: Rounds,
  direct: Rounds | undefined,
): Pick<GatewayRow, "ttft" | "whole" | "eventDelay"> {
  const delays = direct && streamed.flatMap((timing, i) => delaysOf(timing, direct.streamed[i]!));
  return {
    ttft: compared(streamed.map(firstMs), direct?.streamed.map(firstMs)),
    whole: compared(
      whole.map(({ totalMs }) => totalMs),
      direct?.whole.map(({ totalMs }) => totalMs),
    ),
    ...(delays && { eventDelay: { p50: median(delays), p99: quantile(delays, 0.99) } }),
  };
}

function firstMs({ firstTextMs = Number.NaN }: Timing): number {
  return firstTextMs;
}

/** A gateway may add events at the end; those have nothing to be compared with. */
function delaysOf({ eventsMs }: Timing, direct: Timing): number[] {
  const shared = Math.min(eventsMs.length, direct.eventsMs.length);
  return eventsMs.slice(0, shared).map((ms, i) => ms - direct.eventsMs[i]!);
}

function compared(values: readonly number[], direct: readonly number[] | undefined): Times {
  const own = { p50: median(values), p99: quantile(values, 0.99) };
  if (direct === undefined) return own;
  const differences = values.map((ms, i) => ms - direct[i]!);
  return {
    ...own,
    added: {
      p50: median(differences),
      interval: medianInterval(differences, randomFrom(1)),
      p99: own.p99 - quantile(direct, 0.99),
    },
  };
}

type Load = Pick<GatewayRow, "loadP50" | "loadP99" | "requestsPerSecond" | "cpuMsPerRequest">;

async function underLoad(
  targets: readonly Target[],
  { requests, concurrency, report }: GatewayOptions,
): Promise<Load[]> {
  const size = Math.ceil(requests / BLOCKS);
  const blocks: Block[][] = targets.map(() => []);
  for (let block = 0; block < BLOCKS; block++) {
    for (let turn = 0; turn < targets.length; turn++) {
      const i = (turn + block) % targets.length;
      blocks[i]!.push(await runBlock(targets[i]!, { size, concurrency }));
    }
    report(block + 1, BLOCKS, `${concurrency} at a time`);
  }
  return blocks.map((own) => {
    const timesMs = own.flatMap((block) => block.timesMs);
    const cpuMs = own.flatMap((block) => block.cpuMs ?? []);
    return {
      loadP50: median(timesMs),
      loadP99: quantile(timesMs, 0.99),
      requestsPerSecond: median(own.map(({ wallMs }) => (1_000 * size) / wallMs)),
      ...(cpuMs.length > 0 && { cpuMsPerRequest: median(cpuMs.map((ms) => ms / size)) }),
    };
  });
}

interface Block {
  readonly timesMs: readonly number[];
  readonly wallMs: number;
  readonly cpuMs: number | undefined;
}

/** `size` requests, streamed and whole in turns, so many at a time. */
async function runBlock(
  target: Target,
  { size, concurrency }: { size: number; concurrency: number },
): Promise<Block> {
  const timesMs: number[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let i = next++; i < size; i = next++) {
      const { totalMs } = await timedCall(target, { content: questionOf(i), stream: i % 2 === 0 });
      timesMs.push(totalMs);
    }
  }
  const cpuBeforeMs = target.cpuMs?.() ?? 0;
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  const wallMs = performance.now() - startedMs;
  return { timesMs, wallMs, cpuMs: target.cpuMs && target.cpuMs() - cpuBeforeMs };
}

function questionOf(i: number): string {
  return `Question ${i}: why does a boat rise in a lock when the sluice is opened?`;
}

/** The rows as a table, in milliseconds. */
export function gatewayTable(rows: readonly GatewayRow[]): string {
  const against = ["added p50 [95 %]", "added p99"];
  const head = ["", "TTFT p50", ...against, "whole p50", ...against].concat(
    "event delay p50/p99",
    "load p50/p99",
    "requests/s",
    "CPU/request",
  );
  const cells = rows.map((row) => [
    row.name,
    shown(row.ttft.p50),
    ...addedOf(row.ttft),
    shown(row.whole.p50),
    ...addedOf(row.whole),
    row.eventDelay ? `${shown(row.eventDelay.p50)} / ${shown(row.eventDelay.p99)}` : "",
    `${shown(row.loadP50)} / ${shown(row.loadP99)}`,
    row.requestsPerSecond.toFixed(0),
    row.cpuMsPerRequest === undefined ? "" : shown(row.cpuMsPerRequest),
  ]);
  return textTable(head, cells);
}

function addedOf({ added }: Times): [string, string] {
  if (added === undefined) return ["", ""];
  return [`${shown(added.p50)} [${added.interval.map(shown).join(", ")}]`, shown(added.p99)];
}

function shown(milliseconds: number): string {
  return milliseconds.toFixed(2);
}
