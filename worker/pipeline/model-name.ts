/**
 * What a client may write into `model`: `auto`, `auto:<preset>`, or a model of the catalogue.
 *
 * A name that is none of these is refused with the choices; it is never guessed at, since a wrong guess
 * costs money at the wrong vendor.
 */
import { RouterError } from "../domain/errors.ts";
import { PRESETS, type Preset } from "../domain/policy.ts";
import type { CatalogModel } from "./ports.ts";

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

/** The catalogue's entry of that id. Throws RouterError 404. @param param The field that names it. */
export function requireKnown(
  id: string,
  catalog: readonly CatalogModel[],
  param = "model",
): CatalogModel {
  const model = catalog.find((entry) => entry.id === id);
  if (model !== undefined) return model;
  const vendor = id.slice(0, id.indexOf("/") + 1);
  const near = catalog.filter((entry) => vendor !== "" && entry.id.startsWith(vendor));
  const named = (near.length > 0 ? near : catalog).slice(0, MAX_NAMED).map((entry) => entry.id);
  throw new RouterError(
    "not_found_error",
    `There is no model ${JSON.stringify(id.slice(0, 100))}. Use ${AUTO_NAMES.join(", ")}, ` +
      `or provider/model such as ${named.join(", ")}; GET /v1/models lists all`,
    { code: "model_not_found", param },
  );
}
