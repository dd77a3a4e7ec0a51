/** The key that a request brings: a bearer token or, as Anthropic's clients send it, `x-api-key`. */

/** The key, or undefined where there is none. Of two the bearer token counts. */
export function keyOf({ headers }: Request): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? (headers.get("x-api-key") || undefined);
}
