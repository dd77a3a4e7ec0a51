/**
 * The fault table: each fault that the simulated vendor knows strikes one call, and here stands what the client saw of
 * it. `answer` is a whole answer with text, by a further call where the fault took the first, which the client notices by
 * a header only. Once a stream has begun there is no other vendor to turn to: then it is an error in the stream and no
 * [DONE]. Whatever happens, nobody sees a key.
 */
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { HOSTILE_KINDS, parseFault, PLAIN_KINDS } from "../../scripts/simulation/faults.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

const KEYS = ["sk-made-up-0123456789", "sk-made-up-9876543210"];

/** Of two vendors that speak OpenAI's format; the first has the larger window. */
const MODELS = ["openai/gpt-5.4", "mistral/mistral-large-2512"];

let service: LocalService;

beforeAll(async () => {
  service = await startLocalService({
    STAND_IN_KEYS: KEYS.join(","),
    CONNECT_TIMEOUT_MS: "2000",
    FIRST_BYTE_TIMEOUT_MS: "2000",
    ANSWER_TIMEOUT_MS: "2000",
    IDLE_TIMEOUT_MS: "2000",
    TOTAL_TIMEOUT_MS: "8000",
  });
});
afterEach(() => {
  service.vendor.faults.clear();
  service.vendor.requests.clear();
});
afterAll(() => service.close());

/** What came: `answer`, or the code of the error, with the status where it came before any chunk. */
type Seen = "answer" | "nothing" | `${number} ${string}` | `stream: ${string}`;

const TABLE: readonly (readonly [fault: string, plain: Seen, streamed: Seen])[] = [
  ["400", "400 upstream_rejected", "400 upstream_rejected"],
  ["401", "answer", "answer"],
  ["402", "answer", "answer"],
  ["403", "answer", "answer"],
  ["404", "answer", "answer"],
  ["408", "answer", "answer"],
  ["413", "answer", "answer"],
  ["422", "400 upstream_rejected", "400 upstream_rejected"],
  ["429", "answer", "answer"],
  ["429:retry-after=60", "answer", "answer"],
  ["500", "answer", "answer"],
  ["503:retry-after=1", "answer", "answer"],
  ["529", "answer", "answer"],
  ["overflow", "400 context_length_exceeded", "400 context_length_exceeded"], // No window is larger.
  ["filter", "answer", "answer"],
  ["filtered", "answer", "answer"],
  ["leak", "400 upstream_rejected", "400 upstream_rejected"],
  ["stall", "answer", "answer"],
  ["reset", "answer", "answer"],
  ["error-body", "answer", "answer"],
  ["wrong-type", "answer", "answer"],
  ["empty", "answer", "answer"],
  ["no-usage", "answer", "answer"],
  ["trickle", "answer", "answer"],
  ["stall-mid:after=0", "answer", "answer"],
  ["stall-mid:after=3", "answer", "stream: upstream_timeout"],
  ["cut:after=0", "answer", "answer"],
  ["cut:after=3", "answer", "stream: upstream_failed"],
  ["malformed:after=0", "answer", "answer"],
  ["malformed:after=3", "answer", "stream: upstream_malformed"],
  ["error-chunk:after=0", "answer", "answer"],
  ["error-chunk:after=3", "answer", "stream: upstream_failed"],
  ["huge-chunk", "answer", "stream: upstream_failed"],
  ["invalid-utf8", "answer", "stream: upstream_cut"],
  ["many-choices", "answer", "stream: upstream_malformed"],
  ["deep", "answer", "stream: upstream_cut"],
  ["gzip-bomb", "answer", "answer"],
  ["header-flood", "answer", "stream: upstream_cut"],
  ["endless", "answer", "stream: upstream_timeout"],
];

/** Faults that take nothing from the answer: it needs no further call. */
const HARMLESS = new Set(["no-usage", "trickle"]);

const CASES = TABLE.flatMap(([fault, plain, streamed]) => [
  { fault, stream: false, expected: plain },
  { fault, stream: true, expected: streamed },
]);

interface AnswerShape {
  readonly error?: { readonly code?: string; readonly message?: string };
  readonly choices?: readonly { readonly message?: { readonly content?: string } }[];
}

/** Says how it ends, after some text. */
function isFinished(text: string): boolean {
  return /"content":"[^"]/.test(text) && /"finish_reason":"\w/.test(text);
}

async function ask(stream: boolean): Promise<{ seen: Seen; text: string; response: Response }> {
  const messages = [{ role: "user", content: "What is a tide?" }];
  const response = await fetch(`${service.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", stream, messages, sluice: { allow_models: MODELS } }),
  });
  const text = await response.text();
  return { seen: seenIn(response, text), text, response };
}

function seenIn(response: Response, text: string): Seen {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  const last = isStream ? text.trimEnd().split("\n\n").at(-1)!.slice("data: ".length) : text;
  if (last === "[DONE]") return isFinished(text) ? "answer" : "nothing";
  const { error, choices } = JSON.parse(last) as AnswerShape; // oxlint-disable-line typescript/no-unsafe-type-assertion
  if (error === undefined) return choices?.[0]?.message?.content ? "answer" : "nothing";
  return isStream ? `stream: ${error.code}` : `${response.status} ${error.code}`;
}

describe("one faulty call", () => {
  it("stands here for every fault without options", ({ expect }) => {
    const words = TABLE.map(([fault]) => fault);
    expect(words).toEqual(expect.arrayContaining([...PLAIN_KINDS, ...HOSTILE_KINDS]));
  });

  it.for(CASES)(
    "$fault, stream $stream: $expected",
    async ({ fault, stream, expected }, { expect }) => {
      service.vendor.faults.add({ fault: parseFault(fault), times: 1 });
      const { seen, text, response } = await ask(stream);
      expect(seen).toBe(expected);
      const output = text + JSON.stringify([...response.headers]);
      for (const key of KEYS) expect(output).not.toContain(key);
      const calls = service.vendor.requests.all().length;
      if (response.ok) expect(response.headers.get("x-sluice-attempts")).toBe(String(calls));
      expect(calls).toBe(seen === "answer" && !HARMLESS.has(fault) ? 2 : 1);
    },
  );
});
