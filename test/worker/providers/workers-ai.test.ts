/** Workers AI: bytes through the binding, and OpenAI's shapes where it answers in them. */
import { describe, it } from "vitest";
import { createDispatch } from "../../../worker/providers/dispatch.ts";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { sendThrough, WORKERS_AI, type AiBinding } from "../../../worker/providers/workers-ai.ts";
import { NO_CIRCUITS } from "../../../worker/vitals/circuit-board.ts";
import { TIMEOUTS, TOTAL_TIMEOUT_MS } from "../fixture/service.ts";
import { manualTimers } from "../fixture/timers.ts";

const CALL = {
  model: "workers-ai/@cf/meta/llama",
  upstreamModel: "@cf/meta/llama",
  request: { model: "auto", messages: [{ role: "user" as const, content: "Hi" }] },
  signal: new AbortController().signal,
  timeoutMs: TOTAL_TIMEOUT_MS,
};

function dispatchTo(run: AiBinding["run"]) {
  return createDispatch({
    endpoints: endpointsOf({ keys: {}, aiBinding: sendThrough({ run }) }),
    timeouts: TIMEOUTS,
    circuits: NO_CIRCUITS,
    random: () => 0,
    ...manualTimers(),
    send: () => Promise.reject(new Error("There is a binding")),
  });
}

describe("the AI binding", () => {
  it("is asked for the model with the rest of the request, raw", async ({ expect }) => {
    const asked: unknown[] = [];
    const dispatch = dispatchTo(async (model, inputs, { returnRawResponse, signal }) => {
      asked.push(model, inputs, returnRawResponse, signal instanceof AbortSignal);
      return Response.json({ response: "Hello." });
    });
    const outcome = await dispatch(CALL);
    expect(outcome).toMatchObject({
      kind: "completion",
      body: { choices: [{ message: { content: "Hello." }, finish_reason: "stop" }] },
    });
    const { messages } = CALL.request;
    expect(asked).toEqual(["@cf/meta/llama", { messages }, true, true]);
  });

  it("fails as a vendor does", async ({ expect }) => {
    const refusal = { internalCode: 3040, description: "Capacity exceeded", message: "busy" };
    const busy = dispatchTo(async () => Response.json(refusal, { status: 429 }));
    expect(await busy(CALL)).toMatchObject({ reason: "rate_limited", isRetryable: true });
    const gone = dispatchTo(() => Promise.reject(new Error("InferenceUpstreamError")));
    expect(await gone(CALL)).toMatchObject({ reason: "unreachable", isRetryable: true });
  });
});

describe("the adapter for Workers AI", () => {
  const [endpoint] = endpointsOf({ keys: {}, aiBinding: async () => Response.json({}) }).get(
    "workers-ai",
  )!;

  it("passes OpenAI's shapes on as they came", ({ expect }) => {
    const body = { id: "x", choices: [{ index: 0, message: { content: "Hi" } }] };
    const answer = WORKERS_AI.readAnswer(
      { text: JSON.stringify(body), body, createdS: 0 },
      endpoint,
    );
    expect(answer).toEqual({ kind: "completion", text: JSON.stringify(body), body });
    const events = ['{"choices":[{"index":0,"delta":{"content":"Hi"}}]}', "[DONE]"].map((data) => ({
      event: undefined,
      data,
    }));
    const stream = WORKERS_AI.openStream(endpoint, 0);
    expect(events.map((event) => stream.take(event))).toEqual(events.map((event) => [event]));
  });

  it("refuses an answer that says nothing", ({ expect }) => {
    const body = { response: "" };
    expect(WORKERS_AI.readAnswer({ text: "{}", body, createdS: 0 }, endpoint)).toMatchObject({
      kind: "failure",
      reason: "malformed",
    });
  });
});
