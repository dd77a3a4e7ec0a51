/**
 * A bucket behind the S3 API on 127.0.0.1, over a folder: ListObjectsV2 in pages of two, and GetObject. It signs each
 * request again with the secret that it knows and refuses another signature, as R2 does.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import type { S3Bucket } from "../../../scripts/events/s3-source.ts";

export interface S3Here {
  readonly bucket: S3Bucket;
  /** Paths asked for, in their order, refused ones included. */
  readonly asked: string[];
  /** Answers so many requests with 503 before it serves again. */
  failNext(requests: number): void;
  close(): Promise<void>;
}

const SECRET = { accessKeyId: "made-up-id", secretAccessKey: "made-up-secret" };
const PAGE = 2;

export async function startS3(folder: string): Promise<S3Here> {
  const asked: string[] = [];
  let failures = 0;
  const server = createServer((request, response) => {
    asked.push(request.url!);
    if (failures > 0) {
      failures--;
      response.writeHead(503).end("Slow down");
      return;
    }
    answer(request, response, folder).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (!isAddress(address)) throw new Error("No port");
  return {
    bucket: { endpoint: `http://127.0.0.1:${address.port}`, bucket: "events", ...SECRET },
    asked,
    failNext: (requests) => void (failures = requests),
    close: () => new Promise((done) => server.close(() => done())),
  };
}

function isAddress(
  address: ReturnType<ReturnType<typeof createServer>["address"]>,
): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
): Promise<void> {
  const url = new URL(request.url!, `http://${request.headers.host}`);
  if (!(await isSigned(request, url)))
    return void response.writeHead(403).end("<Code>SignatureDoesNotMatch</Code>");
  const key = decodeURIComponent(url.pathname.slice("/events/".length));
  if (key !== "") return void response.end(await readFile(join(folder, key)));
  response.end(await page(folder, url.searchParams));
}

async function isSigned({ method = "", headers }: IncomingMessage, url: URL): Promise<boolean> {
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: { "x-amz-content-sha256": String(headers["x-amz-content-sha256"]) },
    datetime: String(headers["x-amz-date"]),
    service: "s3",
    region: "auto",
    ...SECRET,
  });
  return (await signer.authHeader()) === headers.authorization;
}

async function page(folder: string, query: URLSearchParams): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const keys = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((key) => key.startsWith(query.get("prefix")!))
    .toSorted();
  const from = Number(query.get("continuation-token") ?? 0);
  const some = keys.slice(from, from + PAGE);
  const entries = await Promise.all(
    some.map(async (key) => {
      const { size } = await stat(join(folder, key));
      return `<Contents><Key>${key.replaceAll("&", "&amp;")}</Key><Size>${size}</Size></Contents>`;
    }),
  );
  const isCut = from + PAGE < keys.length;
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isCut}</IsTruncated>${entries.join("")}${
    isCut ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : ""
  }</ListBucketResult>`;
}
