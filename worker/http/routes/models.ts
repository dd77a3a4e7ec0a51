/** GET /v1/models and /v1/models/<id>: what a client of this deployment may name. */
import { listModels } from "../../pipeline/list-models.ts";
import { AUTO_NAMES, requireKnown } from "../../pipeline/model-name.ts";
import type { HttpContext } from "../context.ts";
import { autoView, modelListView, modelView } from "../wire/views.ts";

export function models(context: HttpContext): Response {
  return context.json(modelListView(listModels(context.var.deps.pipeline)));
}

/** Throws RouterError 404. */
export function model(context: HttpContext): Response {
  const id = context.req.param("id") ?? "";
  if (AUTO_NAMES.includes(id)) return context.json(autoView(id));
  return context.json(modelView(requireKnown(id, listModels(context.var.deps.pipeline))));
}
