/**
 * What a client may write into `model`: `auto`, `auto:<preset>`, or a model of the catalogue, by its id
 * (`provider/model`), by that id's part after the slash, or by the vendor's own name for it, which is
 * what a client wrote before it came here.
 *
 * A name that is none of these, or that two models answer to, is refused with the choices; it is never
 * guessed at, since a wrong guess costs money at the wrong vendor.
 */
import { RouterError } from "../domain/errors.ts";
import { PRESETS, type Preset } from "../domain/policy.ts";

type ModelName =
  | { readonly kind: "auto"; readonly preset?: Preset }
  | { readonly kind: "pinned"; readonly model: string };

/** Every name that leaves the choice to the router. */
export const AUTO_NAMES: readonly string[] = ["auto", ...PRESETS.map((preset) => `auto:${preset}`)];

/** Reads a name's shape. Whatever is no `auto` counts as a model; `requireKnown` says whether it exists. */
export function parseModelName(name: string): ModelName {
  if (name === "auto") return { kind: "auto" };
  const preset = PRESETS.find((known) => name === `auto:${known}`);
  return preset === undefined ? { kind: "pinned", model: name } : { kind: "auto", preset };
}

/** Enough to recognise the form; the list itself is a route. */
const MAX_NAMED = 6;

/** What a catalogue's entry is known by, whatever it is for. */
export interface Named {
  /** `provider/model` */
  readonly id: string;
  readonly upstreamModel?: string | undefined;
}

/** The vendor's own name for a model. */
export function upstreamNameOf({ id, upstreamModel }: Named): string {
  return upstreamModel ?? tailOf(id);
}

/** The entry that a client's name means, or undefined. Throws RouterError 400 where two answer to it. */
export function findNamed<T extends Named>(name: string, catalog: readonly T[]): T | undefined {
  const exact = catalog.find(({ id }) => id === name);
  if (exact !== undefined) return exact;
  const [found, ...more] = catalog.filter(
    (entry) => tailOf(entry.id) === name || entry.upstreamModel === name,
  );
  if (more.length === 0) return found;
  const ids = [found!, ...more].slice(0, MAX_NAMED).map(({ id }) => id);
  throw new RouterError(
    "invalid_request_error",
    `${quoted(name)} is the name of several models; write one of ${ids.join(", ")}`,
    { code: "ambiguous_model", param: "model" },
  );
}

/** The entry that a client's name means. Throws RouterError 404, or 400 where two answer to it. */
export function requireNamed<T extends Named>(name: string, catalog: readonly T[]): T {
  const entry = findNamed(name, catalog);
  if (entry === undefined) throw unknownModel(name, catalog, "model");
  return entry;
}

/** The catalogue's entry of that very id. Throws RouterError 404. @param param The field that names it. */
export function requireKnown<T extends Named>(
  id: string,
  catalog: readonly T[],
  param = "model",
): T {
  const model = catalog.find((entry) => entry.id === id);
  if (model === undefined) throw unknownModel(id, catalog, param);
  return model;
}

function unknownModel(name: string, catalog: readonly Named[], param: string): RouterError {
  const vendor = name.slice(0, name.indexOf("/") + 1);
  const near = catalog.filter((entry) => vendor !== "" && entry.id.startsWith(vendor));
  const named = (near.length > 0 ? near : catalog).slice(0, MAX_NAMED).map((entry) => entry.id);
  return new RouterError(
    "not_found_error",
    `There is no model ${quoted(name)}. Use ${AUTO_NAMES.join(", ")}, ` +
      `or provider/model such as ${named.join(", ")}; GET /v1/models lists all`,
    { code: "model_not_found", param },
  );
}

function tailOf(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
