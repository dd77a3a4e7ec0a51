/**
 * Sends the demo's prompts through a running worker and notes what came back: which model, why, at what predicted
 * quality, cost and saving, and how long it took. Plain answers carry their cost in headers, streamed ones in the
 * last chunk, as the service documents.
 */
import { z } from "zod";

const promptLine = z
  .looseObject({
    kind: z.string().default("prompt"),
    prompt: z.string().optional(),
    messages: z.array(z.unknown()).min(1).optional(),
  })
  .refine((line) => line.prompt !== undefined || line.messages !== undefined, {
    error: "give `prompt` as a text or `messages` as a list",
  });

const amount = z.coerce.number().optional();
const chunkWithBill = z.looseObject({
  sluice: z.looseObject({ cost_usd: amount, saved_usd: amount }).optional(),
});

/** One line of a prompts file: a prompt or whole messages, and any further field of a chat request. */
export interface DemoPrompt {
  /** What sort of prompt it is, for the table. */
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What one prompt led to. Money in US dollars; `score` is the predicted quality, 0..1. */
export interface DemoOutcome {
  readonly kind: string;
  readonly isStream: boolean;
  readonly status: number;
  readonly model: string;
  readonly reason: string;
  readonly score: number;
  readonly costUsd: number;
  readonly savedUsd: number;
  readonly elapsedMs: number;
  /** What the service said where it did not answer. */
  readonly error?: string;
}

/** Reads a prompts file: one JSON object per line with `prompt` or `messages`. Throws an Error naming the line. */
export function readPrompts(jsonl: string): DemoPrompt[] {
  const lines = jsonl.split("\n").map((line, index) => ({ line: line.trim(), number: index + 1 }));
  return lines
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      try {
        return promptOf(promptLine.parse(JSON.parse(line)));
      } catch (error) {
        throw new Error(`Line ${number} of the prompts: ${String(error)}`, { cause: error });
      }
    });
}

function promptOf({ kind, prompt, ...rest }: z.infer<typeof promptLine>): DemoPrompt {
  const messages = rest.messages ?? [{ role: "user", content: prompt }];
  return { kind, body: { ...rest, messages } };
}

/** Asks the service and waits for the whole answer. Rejects only when there is no connection. */
export async function ask(url: string, prompt: DemoPrompt, preset: string): Promise<DemoOutcome> {
  const startedMs = performance.now();
  const response = await post(`${url}/v1/chat/completions`, {
    ...prompt.body,
    model: `auto:${preset}`,
  });
  const text = await response.text();
  const isStream = prompt.body["stream"] === true;
  const billed = isStream ? lastBill(text) : undefined;
  const { headers } = response;
  return {
    kind: prompt.kind,
    isStream,
    status: response.status,
    model: headers.get("x-sluice-model") ?? "",
    reason: headers.get("x-sluice-decision") ?? "",
    score: Number(headers.get("x-sluice-score") ?? Number.NaN),
    costUsd: Number(billed?.cost_usd ?? headers.get("x-sluice-cost-usd") ?? Number.NaN),
    savedUsd: Number(billed?.saved_usd ?? headers.get("x-sluice-saved-usd") ?? Number.NaN),
    elapsedMs: performance.now() - startedMs,
    ...(response.ok ? {} : { error: text.slice(0, 300) }),
  };
}

/** Posts a JSON body. */
export async function post(url: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The `sluice` field of the last chunk that has one. */
function lastBill(stream: string): z.infer<typeof chunkWithBill>["sluice"] {
  const line = stream
    .split("\n")
    .findLast((l) => l.startsWith("data: {") && l.includes('"sluice"'));
  if (line === undefined) return undefined;
  return chunkWithBill.parse(JSON.parse(line.slice("data: ".length))).sluice;
}
