/** GET /v1/models and /v1/models/<id>: what a caller may name. */
import { termsFor } from "../../domain/terms.ts";
import { listEmbeddings, listModels } from "../../pipeline/list-models.ts";
import { AUTO_NAMES, findNamed, requireNamed } from "../../pipeline/model-name.ts";
import type { HttpContext } from "../context.ts";
import { autoView, embeddingModelView, modelListView, modelView } from "../wire/views.ts";

export function models(context: HttpContext): Response {
  const { caller, deps } = context.var;
  const { allowModels } = termsFor(caller);
  const chat = listModels(deps.pipeline, allowModels);
  return context.json(modelListView(chat, listEmbeddings(deps.pipeline, allowModels)));
}

/** Throws RouterError 404, or 400 for a name that two models answer to. */
export function model(context: HttpContext): Response {
  const id = context.req.param("id") ?? "";
  if (AUTO_NAMES.includes(id)) return context.json(autoView(id));
  const { caller, deps } = context.var;
  const { allowModels } = termsFor(caller);
  const embedding = findNamed(id, listEmbeddings(deps.pipeline, allowModels));
  if (embedding !== undefined) return context.json(embeddingModelView(embedding));
  return context.json(modelView(requireNamed(id, listModels(deps.pipeline, allowModels))));
}
