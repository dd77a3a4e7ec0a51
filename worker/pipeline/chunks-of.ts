/**
 * A whole answer as the stream that would have given it: what each choice says, how it ended, the usage, the end.
 * `wholeOf` (assemble.ts) of the chunks is the answer again, but for fields that are null.
 */
import { isRecord } from "../lib/json.ts";

/** The data of each event. @param body OpenAI's; choices that are none are left out. */
export function chunksOf(body: Record<string, unknown>): string[] {
  const { object: _, choices, usage, ...frame } = body;
  function chunk(fields: Record<string, unknown>): string {
    return JSON.stringify({ ...frame, object: "chat.completion.chunk", ...fields });
  }
  const given = Array.isArray(choices) ? choices.filter(isRecord) : [];
  const said = given.flatMap(({ index, message, logprobs, finish_reason: reason, ...around }) => [
    chunk({ choices: [{ index, delta: message, logprobs, finish_reason: null }] }),
    chunk({ choices: [{ index, delta: {}, finish_reason: reason, ...around }] }),
  ]);
  const used = isRecord(usage) ? [chunk({ choices: [], usage })] : [];
  return [...said, ...used, "[DONE]"];
}
