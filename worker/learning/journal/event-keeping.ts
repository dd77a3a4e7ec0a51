/** The events of all tenants: recorded at each one's journal, written to files, erased and ended. */
import type { EventKeeper } from "../../domain/event-standing.ts";
import type { EventLog } from "../../domain/event.ts";
import {
  deliverTickets,
  eraseFiles,
  sweepFiles,
  type EventFiles,
  type FiledJournal,
  type FileEvent,
  type FilePorts,
} from "./hour-files.ts";
import { Recorder, type Journal, type Recorded, type RecorderOptions } from "./recorder.ts";

interface KeepingOptions extends Omit<RecorderOptions, "journalOf" | "log"> {
  /** Undefined where nobody keeps journals: then no event is kept at all. */
  readonly journalOf: ((tenant: string) => Journal & FiledJournal) | undefined;
  /** Undefined where there is no bucket: then journals have the latest alone. */
  readonly files: EventFiles | undefined;
  /** Must not throw. */
  readonly log: (event: Recorded | FileEvent) => void;
}

export interface EventKeeping {
  readonly events: (EventLog & EventKeeper) | undefined;
  /** Writes a batch's files. Never rejects. */
  deliver(batch: Pick<MessageBatch, "messages">): Promise<void>;
  /** Ends files that are kept no longer; once an hour. Never rejects. */
  sweep(nowMs: number): Promise<void>;
}

export function keepEvents({ journalOf, files, ...options }: KeepingOptions): EventKeeping {
  const ports: FilePorts | undefined = journalOf && files && { ...options, journalOf, files };
  return {
    events: journalOf && eventsAt(journalOf, new Recorder({ ...options, journalOf }), files),
    deliver: (batch) => deliverTickets(batch, ports, options.log),
    sweep: async (nowMs) => ports && sweepFiles(nowMs, ports),
  };
}

function eventsAt(
  journalOf: (tenant: string) => FiledJournal,
  recorder: Recorder,
  files: EventFiles | undefined,
): EventLog & EventKeeper {
  return {
    record: (records, terms) => recorder.record(records, terms),
    async standing(tenant) {
      const { erased: _, ...standing } = await journalOf(tenant).standing();
      return standing;
    },
    /** The journal first: from then on it lets no file of what is erased be written. */
    async erase(tenant) {
      await journalOf(tenant).erase();
      if (files !== undefined) await eraseFiles(files, tenant);
    },
  };
}

/** How loud each line is. */
export const LEVELS = {
  events_kept: "debug",
  event_kept: "debug",
  event_file_written: "info",
  event_file_erased: "info",
  event_files_ended: "info",
  event_file_put_back: "warn",
  events_dropped: "error",
  event_ticket_dropped: "error",
  event_sweep_failed: "error",
} as const satisfies Record<(Recorded | FileEvent)["event"], string>;
