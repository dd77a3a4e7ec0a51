/**
 * The other end of the webhook, for people who try it: takes alerts in, verifies them, and says what they say. One
 * that it does not believe is refused, and one that it has had before is not said twice.
 */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { verifyWebhook } from "../../worker/lib/webhook-signature.ts";

/** Takes one request in and resolves with the status to answer. Rejects when the sender breaks off. */
export type WebhookReceiver = (request: IncomingMessage) => Promise<204 | 400 | 401 | 413>;

interface ReceiverOptions {
  /** `whsec_` and base64. */
  readonly secret: string;
  /** Takes a line for each alert. */
  readonly print: (line: string) => void;
}

/** What is said of an alert; worker/budget/alert-events.ts has all of it. */
const alertSchema = z.object({
  type: z.string(),
  data: z.object({
    organisation: z.string(),
    tenant: z.string().optional(),
    key: z.string().optional(),
    model: z.string().optional(),
    window: z.string(),
    limit_usd: z.number(),
    spent_usd: z.number(),
  }),
});

/** Far above any alert. */
const MAX_BYTES = 64 << 10;

/** The receiver that knows this secret. */
export function webhookReceiver({ secret, print }: ReceiverOptions): WebhookReceiver {
  const seen = new Set<string>();
  return async function receive(request) {
    const body = await readText(request);
    if (body === undefined) return 413;
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const verdict = await verifyWebhook(headers, body, { secret, nowMs: Date.now() });
    if (verdict !== "genuine") {
      print(`A webhook was refused: ${verdict}`);
      return 401;
    }
    const alert = readAlert(body);
    if (alert === undefined) return 400;
    const id = headers.get("webhook-id") ?? "";
    if (!seen.has(id)) print(sentenceOf(alert));
    seen.add(id);
    return 204;
  };
}

/** Undefined for a body above the limit. */
async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function readAlert(body: string): z.output<typeof alertSchema> | undefined {
  try {
    return alertSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function sentenceOf({ type, data }: z.output<typeof alertSchema>): string {
  const { organisation, tenant, key, model, window, limit_usd: limit, spent_usd: spent } = data;
  const whose = [organisation, tenant, key, model].filter((name) => name !== undefined).join(" / ");
  const percent = Math.round((100 * spent) / limit);
  return `Webhook ${type}: ${whose}, ${window}: $${spent} of $${limit} (${percent} %), signature verified`;
}
