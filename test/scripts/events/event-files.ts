/** Records of events, made up, and files of them as the service writes them. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  decisionRecordSchema,
  type DecisionRecord,
  type FeedbackRecord,
  type LogRecord,
  type SignalRecord,
} from "../../../worker/domain/event.ts";

export const START_MS = Date.parse("2026-11-01T00:00:00Z");

const CANDIDATE = {
  score: 0.5,
  standing: 0,
  outputTokensP50: 100,
  costP50MicroUsd: 100,
  costP90MicroUsd: 200,
  ttftMs: 300,
  ttftP90Ms: 600,
  latencyMs: 1_000,
  latencyP90Ms: 2_000,
};

/** A whole decision between two models; what is given takes its place. */
export function decisionRecord(changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return decisionRecordSchema.parse({
    kind: "decision",
    id: "r1",
    tenant: "shop",
    atMs: START_MS,
    weights: "1.0.0@000000000000",
    release: "0".repeat(64),
    catalog: "0".repeat(12),
    promptHash: "0".repeat(16),
    inputTokens: 20,
    difficulty: 0.5,
    task: "chat",
    deciles: "",
    needs: { capabilities: [], contextTokens: 100 },
    policy: {},
    moment: { lifts: {}, caution: 0 },
    decision: {
      reason: "best_utility",
      attempts: ["alpha/large"],
      candidates: [
        { model: "alpha/large", ...CANDIDATE },
        { model: "alpha/small", ...CANDIDATE },
      ],
      excluded: [],
      reference: "alpha/large",
      lambda: 0.08,
      propensities: { "alpha/large": 1 },
    },
    outcome: {
      model: "alpha/large",
      ending: "complete",
      attempts: 1,
      inputTokens: 20,
      cachedInputTokens: 0,
      outputTokens: 50,
      isEstimated: false,
      costMicroUsd: 100,
      costs: { "alpha/large": 100 },
      savedMicroUsd: 0,
      durationMs: 900,
      signals: [],
    },
    ...changes,
  });
}

export function feedbackRecord(changes: Partial<FeedbackRecord> = {}): FeedbackRecord {
  const record = { kind: "feedback", id: "r1", tenant: "shop", atMs: START_MS } as const;
  return { ...record, source: "user", score: 1, ...changes };
}

export function signalRecord(changes: Partial<SignalRecord> = {}): SignalRecord {
  const record = { kind: "signal", id: "r1", tenant: "shop", atMs: START_MS } as const;
  return { ...record, signal: "retried", ...changes };
}

/** As the journal names them. */
export function eventKey(first: number, { tenant = "shop", hour = 0 } = {}): string {
  const number = String(first).padStart(12, "0");
  const at = String(hour).padStart(2, "0");
  return `events/v1/${tenant}/2026-11-01/${at}/${number}-${number}.ndjson.gz`;
}

export function packedLines(lines: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  return new Uint8Array(gzipSync(`${texts.join("\n")}\n`));
}

/** Writes a packed file into a folder. */
export async function writeEvents(
  folder: string,
  key: string,
  lines: readonly (LogRecord | string)[],
): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), packedLines(lines));
}
