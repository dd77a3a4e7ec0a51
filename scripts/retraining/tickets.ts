/**
 * Tickets of the service, pulled from its queue over HTTP: Cloudflare's pull consumer, so the machine that trains needs
 * no address of its own. A ticket is leased while the run goes on and acknowledged after it has ended well; one whose
 * run has failed comes again when its lease is over. What is no ticket is acknowledged and named: it would come for ever.
 *
 * Source: Cloudflare Queues, pull consumers; a body that was sent as JSON comes in base64.
 */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { retrainTicketSchema, type RetrainTicket } from "../../worker/domain/retraining.ts";

export interface QueueAddress {
  /** `https://api.cloudflare.com/client/v4` but in tests. */
  readonly api: string;
  readonly account: string;
  readonly token: string;
  /** Name of the queue. */
  readonly queue: string;
}

export interface PulledTickets {
  readonly tickets: readonly RetrainTicket[];
  /** Says that they are done. */
  readonly acknowledge: () => Promise<void>;
}

export interface Waiting {
  /** Between two looks at an empty queue. */
  readonly everyMs: number;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** As long as a run may take; the most that Cloudflare leases is twelve hours. */
const LEASE_MS = 6 * 3_600_000;
const BATCH = 10;
const TIMEOUT_MS = 30_000;
const MAX_CHARS = 1 << 20;

const queuesSchema = z.object({
  result: z.array(z.object({ queue_id: z.string(), queue_name: z.string() })),
});
const pulledSchema = z.object({
  result: z.object({
    messages: z.array(z.object({ lease_id: z.string(), body: z.string().max(MAX_CHARS) })),
  }),
});

/** Waits until there is a ticket. Rejects where the queue cannot be asked. */
export async function waitForTickets(
  address: QueueAddress,
  { everyMs, say, signal }: Waiting,
): Promise<PulledTickets> {
  const messages = `/queues/${await queueId(address)}/messages`;
  for (;;) {
    const body = { visibility_timeout_ms: LEASE_MS, batch_size: BATCH };
    const { result } = await ask(address, `${messages}/pull`, { body, schema: pulledSchema });
    const read = result.messages.map((one) => ({ ...one, ticket: readTicket(one.body) }));
    const strange = read.filter(({ ticket }) => ticket === undefined);
    if (strange.length > 0) {
      say(
        `${strange.length} messages of the queue are no tickets: ${strange[0]!.body.slice(0, 60)}`,
      );
      await acknowledge(strange);
    }
    const own = read.flatMap(({ lease_id, ticket }) => (ticket ? [{ lease_id, ticket }] : []));
    if (own.length > 0)
      return { tickets: own.map(({ ticket }) => ticket), acknowledge: () => acknowledge(own) };
    await pause(everyMs, undefined, { signal });
  }

  async function acknowledge(leases: readonly { readonly lease_id: string }[]): Promise<void> {
    const acks = leases.map(({ lease_id }) => ({ lease_id }));
    await ask(address, `${messages}/ack`, { body: { acks, retries: [] }, schema: z.object({}) });
  }
}

/** JSON, as it was sent or in base64. */
function readTicket(body: string): RetrainTicket | undefined {
  for (const text of [body, Buffer.from(body, "base64").toString("utf8")])
    try {
      return retrainTicketSchema.parse(JSON.parse(text));
    } catch {
      continue;
    }
  return undefined;
}

async function queueId(address: QueueAddress): Promise<string> {
  const { result } = await ask(address, "/queues", { schema: queuesSchema });
  const found = result.find(({ queue_name: name }) => name === address.queue);
  if (found !== undefined) return found.queue_id;
  throw new Error(`The account has no queue ${address.queue}; \`npm run deploy\` makes it`);
}

async function ask<S extends z.ZodType>(
  { api, account, token }: QueueAddress,
  path: string,
  { body, schema }: { body?: unknown; schema: S },
): Promise<z.output<S>> {
  const response = await fetch(`${api}/accounts/${account}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`Cloudflare's queues answer ${response.status}: ${text.slice(0, 300)}`);
  return schema.parse(JSON.parse(text));
}
