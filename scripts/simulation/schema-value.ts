/**
 * A value that fits a JSON schema, for structured answers and for the arguments of tool calls. It covers
 * what people put into schemas for language models: objects, arrays, scalars, enum, const, anyOf, $ref
 * into the same schema, and the limits on numbers and lengths. Where words are in reach, text fields are
 * filled with words of the prompt, so that a call of `get_weather` for Lisbon asks for Lisbon.
 *
 * It is no validator: keywords that it does not know (pattern, if, not) are ignored.
 *
 * Source: https://json-schema.org/draft/2020-12/json-schema-validation
 */
import { between, pick, type Random } from "../../worker/lib/prng.ts";

/** Recursive schemas stop here. */
const MAX_DEPTH = 6;

const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-03-14",
  "date-time": "2026-03-14T09:26:53Z",
  time: "09:26:53Z",
  email: "reader@example.com",
  uri: "https://example.com/item",
  uuid: "3f2b8c1e-5a4d-4e6f-8b7a-9c0d1e2f3a4b",
};

/** A JSON schema as it arrives. */
export type Schema = Readonly<Record<string, unknown>>;

/** Where values come from: the randomness, words for text fields, numbers for number fields. */
export interface Material {
  readonly random: Random;
  readonly words: readonly string[];
  readonly numbers: readonly number[];
}

/** A value that fits `schema`; `null` where the schema asks for something unknown. */
export function valueFor(schema: Schema, material: Material): unknown {
  return build(schema, { root: schema, material, depth: 0 });
}

interface Place {
  readonly root: Schema;
  readonly material: Material;
  readonly depth: number;
}

function build(given: Schema, place: Place): unknown {
  const schema = resolve(given, place.root);
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return pick(place.material.random, schema["enum"]);
  const [choice] = listOf(schema["anyOf"] ?? schema["oneOf"]);
  const deeper = { ...place, depth: place.depth + 1 };
  if (choice !== undefined) return place.depth > MAX_DEPTH ? null : build(choice, deeper);
  switch (typeOf(schema)) {
    case "object":
      return objectFor(schema, deeper);
    case "array":
      return arrayFor(schema, deeper);
    case "string":
      return stringFor(schema, place.material);
    case "integer":
      return Math.round(numberFor(schema, place.material));
    case "number":
      return numberFor(schema, place.material);
    case "boolean":
      return place.material.random() < 0.5;
    default:
      return null;
  }
}

function resolve(schema: Schema, root: Schema): Schema {
  const ref = schema["$ref"];
  if (typeof ref !== "string") return schema;
  let found: unknown = root;
  for (const step of ref.replace(/^#\/?/, "").split("/").filter(Boolean))
    found = isSchema(found) ? found[step] : undefined;
  return isSchema(found) ? found : {};
}

function typeOf(schema: Schema): unknown {
  const { type } = schema as { type?: unknown };
  const first: unknown = Array.isArray(type) ? type.find((t) => t !== "null") : type;
  return first ?? (isSchema(schema["properties"]) ? "object" : undefined);
}

function objectFor(schema: Schema, place: Place): Record<string, unknown> {
  const { properties } = schema as { properties?: unknown };
  const required = Array.isArray(schema["required"]) ? schema["required"] : undefined;
  const entries = Object.entries(isSchema(properties) ? properties : {}).filter(
    ([key]) => place.depth <= MAX_DEPTH || required?.includes(key),
  );
  // Past this depth even required fields of a recursive schema must end somewhere.
  if (place.depth > 2 * MAX_DEPTH) return {};
  return Object.fromEntries(
    entries.map(([key, value]) => [key, build(isSchema(value) ? value : {}, place)]),
  );
}

function arrayFor(schema: Schema, place: Place): unknown[] {
  const least = numeric(schema["minItems"]) ?? (place.depth > MAX_DEPTH ? 0 : 1);
  const most = Math.max(least, Math.min(numeric(schema["maxItems"]) ?? 3, least + 2));
  const count = place.depth > MAX_DEPTH ? least : between(place.material.random, least, most);
  const items = isSchema(schema["items"]) ? schema["items"] : { type: "string" };
  return Array.from({ length: count }, () => build(items, place));
}

function stringFor(schema: Schema, { random, words }: Material): string {
  const format = FORMATS[String(schema["format"])];
  if (format !== undefined) return format;
  const word = words.length > 0 ? pick(random, words) : "sample";
  const least = numeric(schema["minLength"]) ?? 0;
  return word.padEnd(least, ".").slice(0, numeric(schema["maxLength"]) ?? 200);
}

function numberFor(schema: Schema, { random, numbers }: Material): number {
  const low = numeric(schema["minimum"]) ?? numeric(schema["exclusiveMinimum"]);
  const high = numeric(schema["maximum"]) ?? numeric(schema["exclusiveMaximum"]);
  const least =
    low === undefined ? Math.min(0, high ?? 0) : low + Number("exclusiveMinimum" in schema);
  const fitting = numbers.filter((n) => n >= least && n <= (high ?? n));
  if (fitting.length > 0) return pick(random, fitting);
  return between(random, least, Math.floor(high ?? least + 100));
}

function numeric(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function listOf(value: unknown): readonly Schema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
