/** The document is OpenAPI 3.1 by the judgement of somebody else's validator, and every reference in it leads somewhere. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, it } from "vitest";
import { openApiDocument } from "../../worker/http/openapi/document.ts";

describe("/openapi.json", () => {
  it("is a valid OpenAPI 3.1 document", async ({ expect }) => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(openApiDocument());
    expect(errors).toBeUndefined();
    expect([valid, validator.version]).toEqual([true, "3.1"]);
  });

  it("is refused by that validator once something is wrong with it", async ({ expect }) => {
    const { paths: _, components: __, ...rest } = openApiDocument();
    expect((await new Validator().validate(rest)).valid).toBe(false);
  });

  it("refers only to what it has", ({ expect }) => {
    const document = openApiDocument();
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, name] of references)
      expect(document).toHaveProperty(["components", "schemas", name!]);
    expect(text.match(/"\$ref":/g)).toHaveLength(references.length);
  });
});
