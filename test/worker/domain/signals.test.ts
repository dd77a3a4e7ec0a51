/** What an answer tells of itself, one case for each thing that can be wrong and for what looks like it. */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import { signalsOf } from "../../../worker/domain/signals.ts";

type Fields = Record<string, unknown>;

function told(
  message: Fields,
  { asked = {}, finish = "stop" }: { asked?: Fields; finish?: string } = {},
) {
  const request = chatRequestSchema.parse({
    model: "auto",
    messages: [{ role: "user", content: "Hi" }],
    ...asked,
  });
  const body = { choices: [{ message: { role: "assistant", ...message }, finish_reason: finish }] };
  return signalsOf(request, { ending: "complete", body });
}

function schema(given: unknown) {
  return {
    asked: { response_format: { type: "json_schema", json_schema: { name: "x", schema: given } } },
  };
}

const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};
const WEATHER = { type: "function", function: { name: "weather", parameters: PERSON } };

function call(name: string, given: unknown) {
  return {
    content: null,
    tool_calls: [{ id: "1", type: "function", function: { name, arguments: given } }],
  };
}

describe("signals of a whole answer", () => {
  it.for([
    ["nothing of one that is fine", { content: "Hello" }, {}, []],
    ["a refusal in its own field", { content: null, refusal: "No." }, {}, ["refused"]],
    ["a refusal in words", { content: "I'm sorry, but I can't help with that." }, {}, ["refused"]],
    ["no refusal of an answer that is sorry", { content: "I'm sorry for your loss." }, {}, []],
    ["a filter's end", { content: "" }, { finish: "content_filter" }, ["refused"]],
    ["a cut answer", { content: "and then" }, { finish: "length" }, ["truncated"]],
    [
      "no cut by the client's own limit",
      { content: "and" },
      { finish: "length", asked: { max_tokens: 1 } },
      [],
    ],
    [
      "what is no JSON",
      { content: "{" },
      { asked: { response_format: { type: "json_object" } } },
      ["broken_form"],
    ],
    [
      "what is no object",
      { content: "[]" },
      { asked: { response_format: { type: "json_object" } } },
      ["broken_form"],
    ],
    ["an object", { content: "{}" }, { asked: { response_format: { type: "json_object" } } }, []],
    [
      "what does not fit its schema",
      { content: '{"name":"A","age":"9"}' },
      schema(PERSON),
      ["broken_form"],
    ],
    [
      "what says too much",
      { content: '{"name":"A","age":9,"x":1}' },
      schema(PERSON),
      ["broken_form"],
    ],
    ["what fits", { content: '{"name":"A","age":9}' }, schema(PERSON), []],
    ["a schema that is none", { content: "1" }, schema({ type: "nonsense" }), []],
    [
      "a tool that was not offered",
      call("x", "{}"),
      { asked: { tools: [WEATHER] } },
      ["broken_tool_call"],
    ],
    [
      "arguments that are no JSON",
      call("weather", "{"),
      { asked: { tools: [WEATHER] } },
      ["broken_tool_call"],
    ],
    [
      "arguments that do not fit",
      call("weather", "{}"),
      { asked: { tools: [WEATHER] } },
      ["broken_tool_call"],
    ],
    ["a good call", call("weather", '{"name":"A","age":9}'), { asked: { tools: [WEATHER] } }, []],
  ] as const)("tell %s", ([, message, options, expected], { expect }) => {
    expect(told(message, options)).toEqual(expected);
  });

  it("apply no pattern and no reference of a client's", ({ expect }) => {
    const evil = { type: "string", pattern: "^(a+)+$" };
    expect(told({ content: JSON.stringify(`${"a".repeat(40)}!`) }, schema(evil))).toEqual([]);
    const loop = { $defs: { n: { anyOf: [{ $ref: "#/$defs/n" }] } }, $ref: "#/$defs/n" };
    expect(told({ content: "1" }, schema(loop))).toEqual([]);
  });
});

describe("signals of an ending", () => {
  const request = chatRequestSchema.parse({
    model: "auto",
    messages: [{ role: "user", content: "Hi" }],
  });

  it.for([
    ["failed", ["failed"]],
    ["broken", ["failed"]],
    ["cancelled", ["hung_up"]],
    ["stopped", []],
    ["complete", []],
  ] as const)("%s tells %s", ([ending, expected], { expect }) => {
    expect(signalsOf(request, { ending, body: undefined })).toEqual(expected);
  });
});
