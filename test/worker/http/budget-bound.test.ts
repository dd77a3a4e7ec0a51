/**
 * The bound of a hard budget: requests that run at once against one ledger spend no more than its limit and, each of
 * them, what its last read brought and what its vendor counts beyond our count. And none is refused or ended that
 * the budget could have paid for at that moment.
 */
import * as fc from "fast-check";
import { it } from "vitest";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import { RunningCount } from "../../../worker/pipeline/token-count.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService } from "../fixture/service.ts";
import {
  chunk,
  finish,
  scriptedVendor,
  sse,
  usageChunk,
  type Responder,
} from "../fixture/vendor.ts";

/** Micro-dollars for a token of the prompt, and of the answer. */
const PRICES = {
  "groq/tiny": [0.1, 0.2],
  "openai/small": [1, 4],
  "mistral/medium": [2, 8],
  "openai/large": [10, 40],
} as const;

const scripts = fc.record({
  model: fc.constantFrom("groq/tiny", "openai/small", "mistral/medium", "openai/large"),
  isStream: fc.boolean(),
  /** Words of each chunk. */
  chunks: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }),
  /** Tokens that the vendor counts beyond our count. */
  beyond: fc.nat({ max: 50 }),
  /** How long the vendor thinks before each chunk, in turns of the event loop. */
  turns: fc.nat({ max: 20 }),
  /** Whether the client leaves after the first of it. */
  leaves: fc.boolean(),
});

type Script = typeof scripts extends fc.Arbitrary<infer T> ? T : never;

interface Told {
  /** Tokens as counted here, after each chunk. */
  readonly tokens: readonly number[];
  readonly respond: Responder;
}

/** A vendor's answer that comes chunk by chunk, as it is read. */
function tell({ chunks, beyond, turns }: Script): Told {
  const count = new RunningCount();
  const tokens = chunks.map((words) => {
    count.add("0 content", textOf(words));
    return count.tokens;
  });
  const usage = { prompt_tokens: 1, completion_tokens: tokens.at(-1)! + beyond };
  const lines = [
    ...chunks.map((words) => chunk(textOf(words))),
    finish(),
    usageChunk(usage),
    "[DONE]",
  ];
  function respond(): Response {
    let at = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(out) {
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          const line = lines[at++];
          if (line === undefined) out.close();
          else out.enqueue(sse(line));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
  return { tokens, respond };
}

function textOf(words: number): string {
  return "word ".repeat(words);
}

/** What the budget could have given a request in all, when it was asked for it last. */
interface Last {
  readonly couldHold: number;
  readonly asked: number;
  /** What it was asked for at first. */
  readonly first: number;
}

/** A ledger that remembers how each request's last question was answered. */
function watched(ledger: Ledger, limit: number): { ledger: Ledger; last: Map<string, Last> } {
  const last = new Map<string, Last>();
  const held = new Map<string, number>();
  return {
    last,
    ledger: {
      ...ledger,
      async reserve(reservation) {
        const answer = await ledger.reserve(reservation);
        const { id, draws } = reservation;
        const asked = draws[0]!.amount;
        if (answer.kind !== "held" && answer.kind !== "refused") return answer;
        if (answer.kind === "held") held.set(id, Math.max(asked, held.get(id) ?? 0));
        const { spent, held: all } = answer.balances[0]!;
        const couldHold = (held.get(id) ?? 0) + Math.max(limit - spent - all, 0);
        last.set(id, { couldHold, asked, first: last.get(id)?.first ?? asked });
        return answer;
      },
    },
  };
}

async function runAll(all: readonly Script[], limit: number) {
  const told = all.map(tell);
  const memory = memoryLedger();
  const { ledger, last } = watched(memory, limit);
  const { send } = scriptedVendor((request) => {
    return told[Number(/"content":"(\d+)"/.exec(JSON.stringify(request.body))![1])]!.respond(
      request,
    );
  });
  const budgets = [{ window: "total", limit_usd: limit / 1e6 }];
  const service = createService({ send, ledger, caller: callerWith({ tenant: { budgets } }) });
  await Promise.all(
    all.map(async ({ model, isStream, leaves }, at) => {
      const messages = [{ role: "user", content: String(at) }];
      const response = await service.chat({ model, stream: isStream, messages });
      if (isStream && leaves && response.ok) {
        const reader = response.body!.getReader();
        await reader.read();
        await reader.cancel();
      } else await response.text();
    }),
  );
  await Promise.all(service.background);
  const response = await service.fetch("/v1/budget");
  const { budgets: standing } = await response.json<{ budgets: Record<string, number>[] }>();
  const bills = service.log.filter(({ event }) => event === "completion");
  return { told, last, bills, service, standing: standing[0]! };
}

type Ran = Awaited<ReturnType<typeof runAll>>;

/** The most that the requests may spend beyond the limit, micro-dollars. */
function boundOf(all: readonly Script[], { told }: Ran): number {
  return all.reduce((sum, { model, beyond }, at) => {
    const [input, output] = PRICES[model];
    const { tokens } = told[at]!;
    const reads = tokens.map((count, read) => count - (tokens[read - 1] ?? 0));
    // A micro-dollar is what rounding up adds, of the prompt and of the answer.
    return sum + (Math.max(...reads) + beyond) * output + input + 2;
  }, 0);
}

it("spends no more of a hard budget than its bound, and refuses and ends only what it cannot pay", async ({
  expect,
}) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(scripts, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 40_000 }),
      async (all, limit) => {
        const ran = await runAll(all, limit);
        const { last, bills, service, standing } = ran;
        const spent = Math.round(standing["spent_usd"]! * 1e6);
        expect(spent).toBeLessThanOrEqual(limit + boundOf(all, ran));
        expect(standing["held_usd"]).toBe(0);
        expect(spent).toBe(bills.reduce((sum, bill) => sum + Number(bill["cost_micro_usd"]), 0));

        const refused = service.log.filter(({ event }) => event === "request_failed");
        for (const { request_id: id, status } of refused) {
          expect(status).toBe(402);
          const { couldHold, asked } = last.get(String(id))!;
          expect(couldHold).toBeLessThan(asked);
        }
        for (const bill of bills.filter(({ ending }) => ending === "stopped")) {
          const { couldHold, first } = last.get(String(bill["request_id"]))!;
          const [, output] = Object.entries(PRICES).find(([model]) => model === bill["model"])![1];
          const prompt = first - Math.ceil(400 * output);
          const tokens = Math.ceil(Number(bill["output_tokens"]) * 1.1);
          expect(couldHold).toBeLessThan(prompt + Math.ceil(tokens * output));
        }
      },
    ),
  );
});
