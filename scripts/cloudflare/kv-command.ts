/**
 * The arguments of `wrangler kv key`, what a key that is not there looks like, and what failures mean.
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
  return ["kv", "key", "put", key, "--path", path, ...placeArguments(target)];
}

/** Writes the value under `key` to stdout, byte for byte. */
export function getArguments(key: string, target: KvTarget): string[] {
  return ["kv", "key", "get", key, ...placeArguments(target)];
}

/** Writes a JSON array `[{ name }]` of the keys that begin so to stdout. */
export function listArguments(prefix: string, target: KvTarget): string[] {
  return ["kv", "key", "list", "--prefix", prefix, ...placeArguments(target)];
}

function placeArguments({ place, persistTo, namespaceId }: KvTarget): string[] {
  return [
    `--${place}`,
    ...(namespaceId === undefined ? ["--binding", "WEIGHTS"] : ["--namespace-id", namespaceId]),
    ...(persistTo === undefined ? [] : ["--persist-to", persistTo]),
  ];
}

/** Whether what `get` has written, locally, or failed with, remotely, says that there is no such key. */
export function saysMissing(output: string): boolean {
  return output.trim() === "Value not found" || /key not found|\[?code: 10009/i.test(output);
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
