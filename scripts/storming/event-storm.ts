/**
 * A storm of events: many requests through real workerd, which is killed again and again (SIGKILL) and goes on over the
 * same storage, until all that the journals keep is in files; then the books.
 *
 * One request in twenty says something of its answer, so that feedback is in the files as well. What is killed in the
 * middle is not asked again: its event may be lost, and the books name it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { between, pick, randomFrom, type Random } from "../../worker/lib/prng.ts";
import { eventsAnswer, readAnswer } from "../administration/answers.ts";
import { spawnWorker, type SpawnedWorker } from "../simulation/spawned-worker.ts";
import { startVendor, type Vendor } from "../vendor.ts";
import { balanceEvents, type EventBooks, type EventFacts } from "./event-books.ts";
import { filedIn, SpokenLines } from "./event-reading.ts";
import { UNHURRIED } from "./fleet.ts";
import { callOnce, type StormResult } from "./one-call.ts";
import { makeTenant, operatorOf } from "./operator.ts";
import type { StormRequest } from "./requests.ts";

export interface EventStormOptions {
  readonly requests: number;
  readonly kills: number;
  readonly concurrency: number;
  /** Share of the requests that is streamed. */
  readonly streams: number;
  readonly seed: number;
  readonly report: (done: number, note: string) => void;
}

export interface EventStormReport {
  readonly seconds: number;
  readonly facts: EventFacts;
  readonly books: EventBooks;
  /** Why records were dropped, where any were. */
  readonly reasons: readonly string[];
}

const ADMIN_KEY = "the-operators-secret-of-a-storm";
const TENANTS = ["storm-a", "storm-b", "storm-c"] as const;
/** Slow enough that a kill meets answers under way. */
const PACE = { ttftMs: 30, tokensPerSecond: 2_000 };
/** So that files are written all the time, and kills meet them too. */
const FILES_AFTER_MS = 2_000;
const MODELS = ["auto:cost", "auto", "mistral/mistral-large-2512", "anthropic/claude-haiku-5-5"];
const FEEDBACK_EVERY = 20;
/** A ticket that was lost with its worker is issued again within minutes. */
const WRITING_MS = 600_000;
const POLL_MS = 250;

/** Runs it. Rejects where something does not start, or what must be read cannot be. */
export async function stormOfEvents(options: EventStormOptions): Promise<EventStormReport> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-event-storm-"));
  const vendor = await startVendor({ pace: PACE, seed: options.seed, keptRequests: 1 });
  const storm = new EventStorm(vendor, join(folder, "state"), options);
  const startedMs = performance.now();
  try {
    const unwritten = await storm.run();
    await storm.close();
    options.report(options.requests, "reading the files");
    const { bill } = vendor;
    const facts = {
      results: storm.results,
      kept: storm.lines.kept,
      ...(await filedIn(join(folder, "state"), folder)),
      lines: bill.lines,
      openCalls: bill.open,
      forgottenLines: bill.forgotten,
      dropped: storm.lines.dropped,
      unwritten,
      kills: storm.kills,
    };
    const seconds = (performance.now() - startedMs) / 1_000;
    return { seconds, facts, books: balanceEvents(facts), reasons: [...storm.lines.reasons] };
  } finally {
    await storm.close();
    await vendor.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class EventStorm {
  readonly lines = new SpokenLines();
  readonly results: StormResult[] = [];
  /** Requests under way at each kill. */
  readonly kills: number[] = [];
  readonly #vendor: Vendor;
  readonly #persist: string;
  readonly #options: EventStormOptions;
  readonly #agent: Agent;
  readonly #random: Random;
  #worker: SpawnedWorker | undefined;
  /** Resolves when requests may be sent. */
  #ready: Promise<void> = Promise.resolve();
  #underWay = 0;

  constructor(vendor: Vendor, persist: string, options: EventStormOptions) {
    this.#vendor = vendor;
    this.#persist = persist;
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.concurrency });
    this.#random = randomFrom(options.seed);
  }

  /** Answers how many rows and files were still to be written when nobody waited any longer. */
  async run(): Promise<number> {
    this.#note("starting the worker");
    await this.#start();
    const keys: string[] = [];
    for (const id of TENANTS) keys.push((await makeTenant(this.#operator(), { id })).key);
    const { requests, concurrency } = this.#options;
    const waiting = Array.from({ length: requests }, (_, number) => number).values();
    const client = async (): Promise<void> => {
      for (const number of waiting) await this.#ask(number, keys[number % keys.length]!);
    };
    await Promise.all(Array.from({ length: concurrency }, client));
    await this.#ready;
    return this.#written();
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#worker?.kill();
    this.#worker = undefined;
  }

  get #url(): string {
    if (this.#worker === undefined) throw new Error("The worker has not been started.");
    return this.#worker.url;
  }

  #operator() {
    return operatorOf(this.#url, ADMIN_KEY);
  }

  async #start(): Promise<void> {
    this.#worker = await spawnWorker({
      logLevel: "log",
      vendorUrl: this.#vendor.url,
      persist: this.#persist,
      vars: {
        SLUICE_ADMIN_KEY: ADMIN_KEY,
        SLUICE_KEY_SECRET: "what-the-keys-of-a-storm-are-hashed-with",
        ...UNHURRIED,
        EVENT_FILES_AFTER_MS: String(FILES_AFTER_MS),
        LOG_LEVEL: "debug",
      },
      onOutput: (text) => this.lines.read(text),
    });
  }

  async #ask(number: number, key: string): Promise<void> {
    await this.#ready;
    const door = { url: this.#url, key, agent: this.#agent };
    this.#underWay += 1;
    const result = await callOnce(door, this.#request(number));
    this.#underWay -= 1;
    this.results.push(result);
    const { requests, kills } = this.#options;
    if (
      this.kills.length < kills &&
      this.results.length > ((this.kills.length + 1) * requests) / (kills + 1)
    )
      this.#killOnce();
    else if (result.ending === "answered" && number % FEEDBACK_EVERY === 0)
      await speak(door, result);
    this.#note("requests");
  }

  #request(number: number): StormRequest {
    const random = this.#random;
    const [a, b] = [between(random, 2, 99_999), between(random, 2, 99_999)];
    return {
      number,
      model: pick(random, MODELS),
      isStream: random() < this.#options.streams,
      content: `What is ${a} plus ${b}?`,
    };
  }

  /** Kills the worker under all requests that are under way; others wait for the next one. */
  #killOnce(): void {
    this.kills.push(this.#underWay);
    this.#ready = (async () => {
      await this.#worker?.kill();
      this.lines.breakOff();
      await this.#start();
    })();
  }

  #note(note: string): void {
    this.#options.report(this.results.length, `${note}, ${this.kills.length} kills`);
  }

  async #written(): Promise<number> {
    const untilMs = performance.now() + WRITING_MS;
    for (;;) {
      this.#note("until all files are written");
      const counts = await Promise.all(TENANTS.map((id) => this.#unwritten(id)));
      const unwritten = counts.reduce((sum, count) => sum + count, 0);
      const isOver = unwritten === 0 && this.#vendor.bill.open === 0;
      if (isOver || performance.now() > untilMs) return unwritten;
      await sleep(POLL_MS);
    }
  }

  async #unwritten(id: string): Promise<number> {
    const answer = await this.#operator().ask("GET", `/admin/tenants/${id}/events`);
    const { unfiled, files_pending: pending } = readAnswer(eventsAnswer, answer);
    return unfiled + pending;
  }
}

/** Says something of an answer. A worker that is killed meanwhile has not heard it. */
async function speak(
  { url, key }: { url: string; key: string },
  { requestId, request }: StormResult,
): Promise<void> {
  try {
    const response = await fetch(`${url}/v1/feedback`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ request_id: requestId, score: request.number % 3 === 0 ? 0 : 1 }),
    });
    await response.text();
  } catch {
    // The books look only at what was acknowledged.
  }
}
