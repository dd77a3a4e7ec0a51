/**
 * Env → what remembers, watches and learns. compose.ts builds the rest of the service, and hands this part the
 * releases' own memories and the directory.
 */
import type { Config } from "./config.ts";
import type { Directory } from "./domain/directory.ts";
import type { Lessons } from "./domain/lessons.ts";
import { keepEvents, LEVELS, type EventKeeping } from "./learning/journal/event-keeping.ts";
import { LiftDesk } from "./learning/lifts/lift-desk.ts";
import { sendRetrainTicket } from "./learning/retrain-ticket.ts";
import { WatchDesk } from "./learning/watch/watch-desk.ts";
import type { Clock } from "./lib/clock.ts";
import type { Pause } from "./lib/pause.ts";
import type { Log } from "./telemetry/log.ts";

interface LearningParts {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly pause: Pause;
  /** What a release's training traffic was like, by its label; undefined where that is not known here. */
  readonly trafficOf: ConstructorParameters<typeof WatchDesk>[0]["trafficOf"];
  /** Undefined where the deployment keeps no tenants. */
  readonly directory: Directory | undefined;
}

export interface Learning {
  /** Undefined where the deployment keeps none. */
  readonly events: EventKeeping["events"];
  /** Writes a batch of files. Never rejects. */
  deliver(batch: MessageBatch): Promise<void>;
  /** Undefined where nobody learns. */
  readonly lessons: Lessons | undefined;
  /** Serials of trials that the watch has ended. */
  halted(): ReadonlySet<number>;
  /** Prometheus's text; undefined where nobody watches. */
  readonly metrics: (() => Promise<string>) | undefined;
  /** Asks for what others have learnt, now and then. Never rejects. */
  refresh(): Promise<void>;
  /** Does what is due by the clock. Never rejects. */
  scheduled(controller: Pick<ScheduledController, "scheduledTime">): Promise<void>;
}

/** Cron's interval in wrangler.toml. */
const HOUR_MS = 3_600_000;
const NONE: ReadonlySet<number> = new Set();

export function learningOf(env: Env, parts: LearningParts): Learning {
  const { config, log, clock, random, pause, trafficOf } = parts;
  const { JOURNAL: journals, EVENT_FILES: files, WATCH: watches } = env;
  const keeping = keepEvents({
    clock,
    random,
    pause,
    files,
    journalOf: journals && ((tenant) => journals.getByName(tenant)),
    fileAfterMs: config.eventFilesAfterMs,
    log: ({ event, ...fields }) => log.write(LEVELS[event], event, fields),
  });
  const lifts =
    journals && new LiftDesk({ clock, ask: async (tenant) => journals.getByName(tenant).lifts() });
  const watch =
    watches &&
    new WatchDesk({
      clock,
      trafficOf,
      others: lifts,
      object: () => watches.getByName("all"),
      log: ({ event, ...fields }) => log.write("warn", event, fields),
    });
  return {
    events: keeping.events,
    deliver: (batch) => keeping.deliver(batch),
    lessons: watch ?? lifts,
    halted: () => watch?.halted() ?? NONE,
    metrics: watch && (() => watch.metrics()),
    async refresh() {
      await Promise.all([watch?.refresh(), lifts?.refresh()]);
    },
    async scheduled({ scheduledTime: scheduledMs }) {
      await Promise.all([
        keeping.sweep(scheduledMs),
        succeed("lifts_not_learnt", log, () => learnLifts(env, parts)),
        succeed("retrain_not_asked", log, () => askForRetraining(env, scheduledMs)),
      ]);
    },
  };
}

/** Has the journals of all exploring tenants learn from what was said until now. */
async function learnLifts({ JOURNAL: journals }: Env, { directory }: LearningParts): Promise<void> {
  if (journals === undefined || directory === undefined) return;
  const tenants = await directory.tenants();
  for (const { id, exploration } of tenants)
    if (exploration !== undefined) await journals.getByName(id).learn();
}

async function askForRetraining({ RETRAIN: queue }: Env, scheduledMs: number): Promise<void> {
  if (queue !== undefined) await sendRetrainTicket(queue, { scheduledMs, everyMs: HOUR_MS });
}

async function succeed(event: string, log: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.write("error", event, { reason: error instanceof Error ? error.message : "not an error" });
  }
}
