/**
 * Sends the demo's prompts through a running worker and notes what came back: which model, why, at what predicted
 * quality, cost and saving, and how long it took. Plain answers carry their cost in headers, streamed ones in the
 * last chunk, as the service documents.
 */

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
        return promptOf(JSON.parse(line) as Record<string, unknown>);
      } catch (error) {
        throw new Error(`Line ${number} of the prompts: ${String(error)}`, { cause: error });
      }
    });
}

function promptOf({ kind, prompt, ...rest }: Record<string, unknown>): DemoPrompt {
  const messages = rest["messages"] ?? [{ role: "user", content: prompt }];
  if (rest["messages"] === undefined && typeof prompt !== "string")
    throw new Error("give `prompt` as a text or `messages` as a list");
  return { kind: typeof kind === "string" ? kind : "prompt", body: { ...rest, messages } };
}

/** Asks the service and waits for the whole answer. Rejects only when there is no connection. */
export async function ask(
  url: string,
  prompt: DemoPrompt,
  preset: string,
): Promise<DemoOutcome> {
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

interface Bill {
  readonly cost_usd?: string | number;
  readonly saved_usd?: string | number;
}

/** The `sluice` field of the last chunk that has one. */
function lastBill(stream: string): Bill | undefined {
  const line = stream.split("\n").findLast((l) => l.startsWith("data: {") && l.includes('"sluice"'));
  if (line === undefined) return undefined;
  return (JSON.parse(line.slice(6)) as { sluice?: Bill }).sluice;
}
