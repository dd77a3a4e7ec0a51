/**
 * From a journal to files: the consumer of tickets, the end of files, and their erasure. A ticket's rows are read,
 * packed and put under the ticket's own name, then the journal is told. All of it may happen again, in any order.
 *
 * A file whose rows were erased while it was being written is taken back: the journal says so when it is told. What a
 * consumer leaves that is killed in that moment the daily sweep finds, by its numbers.
 *
 * A failed message is put back for twice as long each time. When the queue has given it up the journal issues its
 * ticket again.
 */
import type { EventStanding } from "../../domain/event-standing.ts";
import { EVENTS_PREFIX } from "../../domain/event.ts";
import { idSchema } from "../../domain/tenant.ts";
import { hashText } from "../../lib/prng.ts";
import type { Taken } from "./journal-object.ts";
import { DAY_MS, fileOf, keyOf, prefixOf, ticketSchema, type Ticket } from "./tickets.ts";

/** The bucket, as far as it is used. */
export type EventFiles = Pick<R2Bucket, "put" | "delete" | "list">;

/** A tenant's journal, as whoever writes and ends its files needs it. Rejects when it cannot be reached. */
export interface FiledJournal {
  take(ticket: Ticket): Promise<Taken>;
  confirm(ticket: Ticket): Promise<"confirmed" | "void">;
  discard(ticket: Ticket): Promise<void>;
  erase(): Promise<void>;
  standing(): Promise<EventStanding & { readonly erased: number }>;
}

export interface FilePorts {
  readonly journalOf: (tenant: string) => FiledJournal;
  readonly files: EventFiles;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Must not throw. */
  readonly log: (event: FileEvent) => void;
}

export type FileEvent =
  | { readonly event: "event_file_written" | "event_file_erased"; readonly key: string }
  | {
      readonly event: "event_file_put_back";
      readonly key: string;
      readonly delay_s: number;
      readonly reason: string;
    }
  | { readonly event: "event_ticket_dropped"; readonly id: string; readonly reason: string }
  | { readonly event: "event_files_ended"; readonly tenant: string; readonly count: number }
  | { readonly event: "event_sweep_failed"; readonly tenant: string; readonly reason: string };

type TicketMessage = Pick<Message, "id" | "body" | "attempts" | "ack" | "retry">;

const FIRST_DELAY_S = 5;
const LONGEST_DELAY_S = 600;

/** Writes a batch's files, one after another. Never rejects. @param ports Without them all is let go. */
export async function deliverTickets(
  { messages }: { readonly messages: readonly TicketMessage[] },
  ports: FilePorts | undefined,
  log: FilePorts["log"],
): Promise<void> {
  for (const message of messages) {
    const { data: ticket } = ticketSchema.safeParse(message.body);
    if (ticket !== undefined && ports !== undefined) {
      await deliver(message, ticket, ports);
      continue;
    }
    message.ack();
    const reason = ticket === undefined ? "not a ticket" : "no bucket is bound";
    log({ event: "event_ticket_dropped", id: message.id, reason });
  }
}

async function deliver(message: TicketMessage, ticket: Ticket, ports: FilePorts): Promise<void> {
  const key = keyOf(ticket);
  try {
    const outcome = await writeFile(ticket, ports);
    message.ack();
    if (outcome !== "confirmed") ports.log({ event: `event_file_${outcome}`, key });
  } catch (error) {
    const backoffS = Math.min(FIRST_DELAY_S * 2 ** (message.attempts - 1), LONGEST_DELAY_S);
    const delayS = Math.max(Math.ceil(backoffS * (1 - ports.random() / 2)), 1);
    message.retry({ delaySeconds: delayS });
    const reason = error instanceof Error ? error.message : String(error);
    ports.log({ event: "event_file_put_back", key, delay_s: delayS, reason });
  }
}

async function writeFile(
  ticket: Ticket,
  { journalOf, files }: FilePorts,
): Promise<"written" | "erased" | "confirmed"> {
  const journal = journalOf(ticket.tenant);
  const key = keyOf(ticket);
  const taken = await journal.take(ticket);
  if (taken.state === "confirmed") return "confirmed";
  if (taken.state === "open") {
    await files.put(key, await packed(taken.text), {
      httpMetadata: { contentType: "application/gzip" },
    });
    if ((await journal.confirm(ticket)) === "confirmed") return "written";
  }
  await files.delete(key);
  await journal.discard(ticket);
  return "erased";
}

async function packed(text: string): Promise<ArrayBuffer> {
  const { body } = new Response(text);
  return new Response(body!.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

/** All files of a tenant, page by page. Rejects where they cannot be reached; may be repeated. */
export async function eraseFiles(files: EventFiles, tenant: string): Promise<void> {
  for (;;) {
    const { objects } = await files.list({ prefix: prefixOf(tenant) });
    if (objects.length === 0) return;
    await files.delete(objects.map(({ key }) => key));
  }
}

/**
 * Ends files that are older than their tenants keep events, and those that are left of erased ones. Called every hour,
 * it looks at each tenant once a day. Never rejects.
 */
export async function sweepFiles(
  nowMs: number,
  { files, journalOf, log }: Omit<FilePorts, "random">,
): Promise<void> {
  const hour = new Date(nowMs).getUTCHours();
  for await (const tenant of tenantsIn(files, log)) {
    if (hashText(tenant) % 24 !== hour) continue;
    try {
      const { days, erased } = await journalOf(tenant).standing();
      // Whose journal knows nothing has files of a deployment before, which nobody may end unasked.
      if (days === undefined) continue;
      const count = await endFiles(files, tenant, { untilMs: nowMs - days * DAY_MS, erased });
      if (count > 0) log({ event: "event_files_ended", tenant, count });
    } catch (error) {
      log({ event: "event_sweep_failed", tenant, reason: String(error) });
    }
  }
}

/** Whoever has files. What is not ours is passed over. */
async function* tenantsIn(files: EventFiles, log: FilePorts["log"]): AsyncGenerator<string> {
  const options = { prefix: EVENTS_PREFIX, delimiter: "/" };
  try {
    let page = await files.list(options);
    for (;;) {
      for (const prefix of page.delimitedPrefixes) {
        const { data: tenant } = idSchema.safeParse(prefix.slice(EVENTS_PREFIX.length, -1));
        if (tenant !== undefined) yield tenant;
      }
      if (!page.truncated) return;
      page = await files.list({ ...options, cursor: page.cursor });
    }
  } catch (error) {
    log({ event: "event_sweep_failed", tenant: "", reason: String(error) });
  }
}

/** Names are in the order of time and of numbers: the first that is to stay ends it. Answers how many there were. */
async function endFiles(
  files: EventFiles,
  tenant: string,
  { untilMs, erased }: { untilMs: number; erased: number },
): Promise<number> {
  for (let count = 0; ;) {
    const { objects } = await files.list({ prefix: prefixOf(tenant) });
    const keys = objects.map(({ key }) => key);
    const end = keys.findIndex((key) => {
      const file = fileOf(key);
      return file === undefined || (file.endMs > untilMs && file.last > erased);
    });
    const over = end === -1 ? keys : keys.slice(0, end);
    if (over.length > 0) await files.delete(over);
    count += over.length;
    if (end !== -1 || keys.length === 0) return count;
  }
}
