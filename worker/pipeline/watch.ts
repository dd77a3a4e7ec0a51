/**
 * Whole answers under a hard budget: asked for as a stream, watched as they come, and put together.
 *
 * To the attempts it looks like any whole answer: one that breaks off on the way is a failure, and another model
 * may be tried, since the client has seen nothing of it.
 */
import type { ChatRequest } from "../domain/chat.ts";
import { RouterError } from "../domain/errors.ts";
import type {
  Dispatch,
  Dispatched,
  UpstreamCall,
  UpstreamFailure,
  UpstreamStream,
} from "../domain/upstream.ts";
import type { Allowance } from "./allowance.ts";
import { assemble } from "./assemble.ts";
import { meterStream, StreamMeter, type StreamEnding } from "./meter.ts";

interface Watch {
  /** Undefined for a call that is not to be watched. */
  readonly allowanceOf: (model: string) => Allowance | undefined;
}

/** A dispatch whose chats give whole answers and are streamed underneath. */
export function watched(dispatch: Dispatch, { allowanceOf }: Watch): Dispatch {
  return async (call) => {
    const allowance = allowanceOf(call.model);
    if (call.operation !== undefined || allowance === undefined) return dispatch(call);
    const options = { include_usage: true };
    const request: ChatRequest = { ...call.request, stream: true, stream_options: options };
    const streamed = { ...call, request };
    const outcome = await dispatch(streamed);
    return outcome.kind === "stream" ? await putTogether(outcome, streamed, allowance) : outcome;
  };
}

type ChatCall = Extract<UpstreamCall, { operation?: undefined }>;

async function putTogether(
  { events, calls }: UpstreamStream & Pick<Dispatched, "calls">,
  { request, signal }: ChatCall,
  allowance: Allowance,
): Promise<Dispatched> {
  let isStopped: boolean = false;
  const meter = new StreamMeter({ request, receipt: () => ({}) });
  function onEnd(ending: StreamEnding): void {
    isStopped = ending === "stopped";
  }
  try {
    const { text, body } = await assemble(meterStream(events, { meter, allowance, onEnd }));
    const completion = { kind: "completion", text, body, calls } as const;
    return isStopped ? { ...completion, isStopped } : completion;
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    const failure: UpstreamFailure = failureOf(error, signal);
    return { ...failure, calls };
  }
}

/** Broken off within: the vendor bills what it had written. */
function failureOf({ type, message, status }: RouterError, signal: AbortSignal): UpstreamFailure {
  const common = {
    kind: "failure",
    message,
    status,
    isRetryable: true,
    mayBeBilled: true,
  } as const;
  if (signal.aborted) return { ...common, reason: "aborted" };
  return { ...common, reason: type === "timeout_error" ? "timeout" : "unreachable" };
}
