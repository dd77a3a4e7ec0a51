/** What the first chunks of a stream come to: words, a failure that another vendor can mend, or nothing yet. */
import { describe, it } from "vitest";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { StreamOpening } from "../../../worker/providers/stream-opening.ts";
import { eventOf } from "../fixture/sse-source.ts";

const ENDPOINT = endpointsOf({ keys: { openai: ["key"] } }).get("openai")![0];

/** A chunk of one choice. */
function said(delta: Record<string, unknown>, reason: string | null = null): string {
  return JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] });
}

const ROLE = said({ role: "assistant", content: "", refusal: null, tool_calls: [] });
const PROMPT_FILTER = '{"choices":[],"prompt_filter_results":[]}';
const FILTERED = said({}, "content_filter");
const END = undefined;

/** An opening that was told these chunks, one at a time. */
function told(...data: readonly (string | undefined)[]): StreamOpening {
  const opening = new StreamOpening();
  for (const one of data) opening.add(one === undefined ? undefined : [eventOf(one)]);
  return opening;
}

describe("the opening of a stream", () => {
  it.for<[string, string]>([
    ["text", said({ content: "a" })],
    ["a refusal", said({ refusal: "No" })],
    ["a thought", said({ reasoning_content: "Hm" })],
    ["a call", said({ tool_calls: [{ index: 0, id: "c" }] })],
    ["an end without a word", said({}, "stop")],
    ["text that is filtered at once", said({ content: "a" }, "content_filter")],
  ])("is decided by %s", ([, words], { expect }) => {
    const opening = told(PROMPT_FILTER, ROLE);
    expect(opening.isDecided).toBe(false);
    opening.add([eventOf(words), eventOf(FILTERED)]);
    expect([opening.isDecided, opening.faultOf(ENDPOINT)]).toEqual([true, undefined]);
    expect(opening.held.map(({ data }) => data)).toEqual([PROMPT_FILTER, ROLE, words, FILTERED]);
  });

  it.for<[string, readonly (string | undefined)[], Record<string, unknown>]>([
    ["nothing", [END], { reason: "malformed", message: "OpenAI sent a stream without events" }],
    ["nothing but its end", ["[DONE]"], { message: "OpenAI sent a stream without events" }],
    ["no choice", [PROMPT_FILTER, END], { message: "OpenAI sent a stream without choices" }],
    ["a role", [ROLE, END], { message: "OpenAI sent a stream without an answer" }],
    ["words after its end", [ROLE, "[DONE]", said({ content: "a" })], { reason: "malformed" }],
    [
      "a filter's work",
      [ROLE, FILTERED, "[DONE]"],
      { reason: "content_filtered", mayBeBilled: true },
    ],
    ["a filter's work, unsaid", [FILTERED, END], { reason: "content_filtered" }],
  ])("that had %s is a failure for another vendor to mend", ([, data, failure], { expect }) => {
    const opening = told(...data);
    expect(opening.isDecided).toBe(true);
    expect(opening.faultOf(ENDPOINT)).toMatchObject({ isRetryable: true, ...failure });
  });

  it("hears words behind many chunks that came with them", ({ expect }) => {
    const opening = new StreamOpening();
    const silent = Array<string>(20).fill(ROLE);
    opening.add([...silent, said({ content: "a" }), "[DONE]"].map(eventOf));
    expect(opening.faultOf(ENDPOINT)).toBeUndefined();
  });

  it("promises an answer by its first choice", ({ expect }) => {
    expect(told(PROMPT_FILTER).isPromised).toBe(false);
    expect(told(PROMPT_FILTER, ROLE).isPromised).toBe(true);
  });

  it("is passed on when it has said nothing so often, unless it promised nothing", ({ expect }) => {
    const roles = Array<string>(16).fill(ROLE);
    expect(told(...roles.slice(1)).isDecided).toBe(false);
    expect([told(...roles).isDecided, told(...roles).faultOf(ENDPOINT)]).toEqual([true, undefined]);
    const silent = told(...Array<string>(16).fill(PROMPT_FILTER));
    expect(silent.faultOf(ENDPOINT)).toMatchObject({ reason: "malformed" });
  });
});
