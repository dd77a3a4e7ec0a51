import type { EventKeeper } from "../../domain/event-standing.ts";
/** The events of all tenants, each at its journal, with its files. */
import type { EventLog } from "../../domain/event.ts";
import { eraseFiles, type EventFiles, type FiledJournal } from "./hour-files.ts";
import type { Recorder } from "./recorder.ts";

interface LogOptions {
  readonly recorder: Pick<Recorder, "record">;
  readonly journalOf: (tenant: string) => FiledJournal;
  /** Undefined where there is no bucket. */
  readonly files: EventFiles | undefined;
}

export function eventLog({ recorder, journalOf, files }: LogOptions): EventLog & EventKeeper {
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
