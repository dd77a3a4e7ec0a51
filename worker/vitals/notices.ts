/**
 * What isolates tell one another about the vendors: a circuit has opened, or has closed again. And the one
 * list of open circuits that comes of it. Pure; vitals-object.ts holds the list.
 *
 * Isolates of different versions meet during a rollout, so what arrives is read by a schema, and a kind
 * of notice that a reader does not know is passed over.
 */
import { z } from "zod";
import { MAX_OPENING_MS } from "../routing/health.ts";

const noticeSchema = z.object({
  kind: z.literal("circuit"),
  /** An endpoint's id, with ` provider/model` behind it where only that model's circuit is meant. */
  circuit: z.string().min(1).max(300),
  /** Milliseconds since 1970; 0 says that it has closed. */
  openUntilMs: z.number().nonnegative(),
});

export type Notice = z.infer<typeof noticeSchema>;

/** More than keys times models of any deployment; a bound for the list and for one message. */
const MAX_NOTICES = 2_000;

/** The notices in a message, those that are none left out. */
export function readNotices(message: unknown): Notice[] {
  if (!Array.isArray(message)) return [];
  return message.slice(0, MAX_NOTICES).flatMap((entry) => noticeSchema.safeParse(entry).data ?? []);
}

/** Open circuits by name: when each opening ends. */
export type OpenCircuits = ReadonlyMap<string, number>;

/** The list after these notices; of two openings the longer one counts, a closing ends both. */
export function merge(open: OpenCircuits, notices: readonly Notice[], nowMs: number): OpenCircuits {
  const merged = new Map(open);
  for (const { circuit, openUntilMs } of notices)
    if (openUntilMs === 0) merged.delete(circuit);
    else {
      const untilMs = Math.min(openUntilMs, nowMs + MAX_OPENING_MS);
      merged.set(circuit, Math.max(untilMs, merged.get(circuit) ?? 0));
    }
  const current = [...merged].filter(([, untilMs]) => untilMs > nowMs);
  return new Map(current.slice(-MAX_NOTICES));
}

/** The list as notices. */
export function noticesOf(open: OpenCircuits): Notice[] {
  return [...open].map(([circuit, openUntilMs]) => ({ kind: "circuit", circuit, openUntilMs }));
}
