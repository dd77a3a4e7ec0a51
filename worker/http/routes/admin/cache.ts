/** /admin/tenants/:id/cache: what a tenant's cache has done for it, and how it is purged. */
import type { CacheKeeper } from "../../../domain/cache-standing.ts";
import { RouterError } from "../../../domain/errors.ts";
import type { HttpContext } from "../../context.ts";
import { cacheView, purgeBodySchema } from "../../wire/cache-view.ts";
import { bodyOf, idIn, logChange } from "./change.ts";

/** Of the deployment's own key as well, which is in no directory. Throws RouterError 404, 501, 503. */
export async function cacheOf(context: HttpContext): Promise<Response> {
  const keeper = keeperIn(context);
  const id = idIn(context, "tenant");
  return context.json(cacheView(id, await keeper.standing(id).catch(cacheUnreachable)));
}

/** Throws RouterError 404, 501, 503. */
export async function purgeCache(context: HttpContext): Promise<Response> {
  const keeper = keeperIn(context);
  const { tags } = await bodyOf(context, purgeBodySchema);
  const id = idIn(context, "tenant");
  await keeper.purge(id, tags).catch(cacheUnreachable);
  logChange(context, "cache_purged", id);
  return context.json({ object: "cache_purge", tenant: id, tags: tags ?? null });
}

/** Forgets the tenant's cache, where there is any. Throws RouterError 503. */
export async function eraseCache(context: HttpContext): Promise<void> {
  await context.var.deps.caches?.erase(idIn(context, "tenant")).catch(cacheUnreachable);
}

/** Throws RouterError 501. */
function keeperIn({ var: { deps } }: HttpContext): CacheKeeper {
  if (deps.caches !== undefined) return deps.caches;
  throw new RouterError(
    "server_error",
    "This deployment has no cache; the binding CACHE in wrangler.toml is where it would be",
    { code: "no_cache", status: 501 },
  );
}

function cacheUnreachable(cause: unknown): never {
  throw new RouterError("server_error", "The cache cannot be reached at the moment; try again", {
    code: "cache_unreachable",
    status: 503,
    isRetryable: true,
    cause,
  });
}
