/**
 * The arguments of `wrangler kv key put`, and what its failures mean.
 *
 * wrangler's command line is its documented interface to KV, locally (the storage that `npm start` and
 * `wrangler dev` use, also while they run) and on the account that it is logged in to.
 */

export interface KvTarget {
  readonly place: "local" | "remote";
  /** Folder of the local storage; wrangler's own (.wrangler/state) where absent. */
  readonly persistTo?: string | undefined;
  /** Where absent, the namespace that wrangler.toml binds as WEIGHTS. */
  readonly namespaceId?: string | undefined;
}

/** Writes the file at `path` under `key`. */
export function putFileArguments(key: string, path: string, target: KvTarget): string[] {
  const { place, persistTo, namespaceId } = target;
  return [
    "kv",
    "key",
    "put",
    key,
    "--path",
    path,
    `--${place}`,
    ...(namespaceId === undefined ? ["--binding", "WEIGHTS"] : ["--namespace-id", namespaceId]),
    ...(persistTo === undefined ? [] : ["--persist-to", persistTo]),
  ];
}

/** A remedy for wrangler's output, where the cause is a usual one. */
export function remedyFor(output: string): string | undefined {
  if (/not authenticated|CLOUDFLARE_API_TOKEN|\[code: 100(00|01)\]|wrangler login/i.test(output))
    return "Log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.";
  if (
    /namespace/i.test(output) &&
    /not found|missing|no .*id|not .*contain|must .*id/i.test(output)
  )
    return "The namespace is created by the first `npm run deploy`. Give its id with --namespace-id where wrangler.toml has none.";
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|fetch failed/.test(output))
    return "Cloudflare cannot be reached from here.";
  return undefined;
}
