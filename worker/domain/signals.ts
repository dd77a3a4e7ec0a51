/**
 * What an answer tells of itself: that it was refused or cut short, does not have the form that was asked for, or calls
 * a tool that is not there. Nobody has to say so, and no judge is asked.
 *
 * Looked at is the whole answer, OpenAI's, after the client has it. A limit that the client set itself is no fault of
 * a model. Schemas come from clients: a schema is applied without its patterns and references, whose matching could take
 * forever, and not at all where it is large or none that we understand; then the answer has only to be JSON.
 */
import { z } from "zod";
import { isRecord, jsonIn } from "../lib/json.ts";
import type { ChatRequest } from "./chat.ts";
import type { LoggedOutcome, Signal } from "./event.ts";

type Ending = LoggedOutcome["ending"];

const ENDINGS: Readonly<Partial<Record<Ending, Signal>>> = {
  failed: "failed",
  broken: "failed",
  cancelled: "hung_up",
};

/** @param body The whole answer; undefined where there is none. */
export function signalsOf(
  request: ChatRequest,
  { ending, body }: { ending: Ending; body: Record<string, unknown> | undefined },
): Signal[] {
  const told = ENDINGS[ending];
  if (told !== undefined) return [told];
  const choices = Array.isArray(body?.["choices"]) ? body["choices"].filter(isRecord) : [];
  return ending === "complete"
    ? [...new Set(choices.flatMap((choice) => signalsIn(choice, request)))]
    : [];
}

type Fields = Readonly<Record<string, unknown>>;

function signalsIn(choice: Fields, request: ChatRequest): Signal[] {
  const message = isRecord(choice["message"]) ? choice["message"] : {};
  const finish = choice["finish_reason"];
  if (finish === "content_filter" || isRefusal(message)) return ["refused"];
  if (finish === "length") return hasOwnLimit(request) ? [] : ["truncated"];
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
  if (calls.length > 0)
    return calls.every((call) => isOffered(call, request)) ? [] : ["broken_tool_call"];
  return hasForm(message["content"], request) ? [] : ["broken_form"];
}

function hasOwnLimit({
  max_tokens: tokens,
  max_completion_tokens: completion,
}: ChatRequest): boolean {
  return typeof (completion ?? tokens) === "number";
}

/** How models decline that have no field for it, in English, at the very beginning of a short answer. */
const DECLINES =
  /^(?:i['’]m sorry,? but|sorry,? but|i apologi[sz]e,? but|i) (?:i )?(?:can['’]?t|cannot|can not|am unable to|am not able to) (?:help|assist|comply|fulfill|provide|do that|continue)/i;
const LONGEST_REFUSAL = 400;

function isRefusal({ refusal, content }: Fields): boolean {
  if (typeof refusal === "string" && refusal !== "") return true;
  return (
    typeof content === "string" &&
    content.length <= LONGEST_REFUSAL &&
    DECLINES.test(content.trimStart())
  );
}

function hasForm(content: unknown, { response_format: format }: ChatRequest): boolean {
  if (format?.type !== "json_object" && format?.type !== "json_schema") return true;
  const value = typeof content === "string" ? jsonIn(content) : undefined;
  if (format.type === "json_object") return isRecord(value);
  if (value === undefined) return false;
  const { json_schema: given } = format;
  return fits(value, isRecord(given) ? given["schema"] : undefined);
}

function isOffered(call: unknown, { tools }: ChatRequest): boolean {
  if (!isRecord(call) || !isRecord(call["function"])) return true; // A custom tool has no form to break.
  const { name, arguments: given } = call["function"];
  const offered = (tools ?? []).flatMap(({ function: one }) => (isRecord(one) ? [one] : []));
  const tool = offered.find((one) => one["name"] === name);
  if (tool === undefined) return false;
  const values = given === "" ? {} : typeof given === "string" ? jsonIn(given) : undefined;
  return isRecord(values) && fits(values, tool["parameters"]);
}

/** JSON of a schema that is looked at. */
const LARGEST_SCHEMA = 32_768;

/** Whether a value is as a schema has it; true where the schema is none that can be applied. */
function fits(value: unknown, schema: unknown): boolean {
  if (!isRecord(schema)) return true;
  const text = JSON.stringify(schema, (key, inner: unknown) =>
    UNSAFE.includes(key) ? undefined : inner,
  );
  if (text.length > LARGEST_SCHEMA) return true;
  try {
    return z.fromJSONSchema(JSON.parse(text)).safeParse(value).success;
  } catch {
    return true;
  }
}

/** What matches text by a client's expression, and what lets a small schema be a large one. */
const UNSAFE: readonly string[] = ["pattern", "patternProperties", "format", "$ref"];
