/**
 * Times a part of what the router computes, in the Worker of test/bench/bench-worker.ts: from outside, many of it within
 * one request, less a request that does none.
 */
import { summary, type BenchRow } from "../report/bench-table.ts";
import { promptsOfLength } from "./bench-prompts.ts";
import { workerdCpuMs } from "./process-cpu.ts";

/** Repetitions within one request: enough of each part to outlast the noise of a request. */
const ITERATIONS = { all: 1000, features: 2000, graph: 1000, decide: 5000, embed: 1000 };
export const BATCHES = 9;
const PROMPTS = 8;

type Part = keyof typeof ITERATIONS;
type TimedPart = Omit<BenchRow, "name" | "target"> & { readonly part: Part };

interface TimedParts {
  readonly parts: readonly Part[];
  readonly tokens: number;
  readonly report: () => void;
}

/** One repetition of each part. The parts take turns, so that a busy spell of the machine hits all alike. */
export async function timeParts(
  url: string,
  { parts, tokens, report }: TimedParts,
): Promise<TimedPart[]> {
  const prompts = promptsOfLength(tokens, PROMPTS);
  const timesUs = new Map<string, number[]>(parts.map((part) => [part, []]));
  const cpuUs = new Map<string, number[]>(parts.map((part) => [part, []]));
  for (let batch = 0; batch <= BATCHES; batch++) {
    for (const part of parts) {
      const empty = await timeRequest(url, { part, prompts, iterations: 0 });
      const full = await timeRequest(url, { part, prompts, iterations: ITERATIONS[part] });
      if (batch === 0) continue; // It compiles.
      timesUs.get(part)!.push((1000 * (full.ms - empty.ms)) / ITERATIONS[part]);
      cpuUs.get(part)!.push((1000 * (full.cpuMs - empty.cpuMs)) / ITERATIONS[part]);
    }
    if (batch > 0) report();
  }
  return parts.map((part) => ({
    part,
    unit: "µs",
    ...summary(timesUs.get(part)!),
    cpu: summary(cpuUs.get(part)!).value,
  }));
}

interface Batch {
  readonly part: string;
  readonly prompts: readonly string[];
  readonly iterations: number;
}

async function timeRequest(
  url: string,
  { part, prompts, iterations }: Batch,
): Promise<{ ms: number; cpuMs: number }> {
  const address = new URL(`/?part=${part}&iterations=${iterations}`, url);
  const cpuBeforeMs = workerdCpuMs(process.pid);
  const startedMs = performance.now();
  const response = await fetch(address, { method: "POST", body: JSON.stringify(prompts) });
  const text = await response.text();
  const ms = performance.now() - startedMs;
  const cpuMs = workerdCpuMs(process.pid) - cpuBeforeMs;
  if (!response.ok) throw new Error(`The bench worker answered ${response.status}: ${text}`);
  return { ms, cpuMs };
}
