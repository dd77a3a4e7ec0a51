/** GET /v1/models and /v1/models/<id>: what a client of this deployment may name. */
import { listEmbeddings, listModels } from "../../pipeline/list-models.ts";
import { AUTO_NAMES, findNamed, requireNamed } from "../../pipeline/model-name.ts";
import type { HttpContext } from "../context.ts";
import { autoView, embeddingModelView, modelListView, modelView } from "../wire/views.ts";

export function models(context: HttpContext): Response {
  const { pipeline } = context.var.deps;
  return context.json(modelListView(listModels(pipeline), listEmbeddings(pipeline)));
}

/** Throws RouterError 404, or 400 for a name that two models answer to. */
export function model(context: HttpContext): Response {
  const id = context.req.param("id") ?? "";
  if (AUTO_NAMES.includes(id)) return context.json(autoView(id));
  const { pipeline } = context.var.deps;
  const embedding = findNamed(id, listEmbeddings(pipeline));
  if (embedding !== undefined) return context.json(embeddingModelView(embedding));
  return context.json(modelView(requireNamed(id, listModels(pipeline))));
}
