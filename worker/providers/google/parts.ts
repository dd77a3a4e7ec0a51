/**
 * One part of a message's content as one of Gemini's parts: text, inline bytes, or a file that Google
 * fetches by its https address.
 *
 * Source: https://ai.google.dev/api/caching#Part
 */
import type { ChatMessage } from "../../domain/chat.ts";
import { RouterError } from "../../domain/errors.ts";
import { isRecord } from "../../lib/json.ts";

/** A part of `contents[].parts`, by Gemini's names. */
export type GooglePart = Record<string, unknown>;

type ContentPart = Extract<ChatMessage["content"], readonly unknown[]>[number];

/** The error for what a Gemini model cannot be asked. @param why Goes on from the field's name. */
export function unaskable(field: string, why: string): RouterError {
  const message = `Google Gemini cannot be asked: ${field} ${why}. Change it, or name another model`;
  return new RouterError("invalid_request_error", message, {
    code: "unsupported_by_vendor",
    param: field,
    isRetryable: true,
  });
}

const MIME_OF: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heif",
  gif: "image/gif",
  pdf: "application/pdf",
};

/** The same part in Gemini's words. @param field Its place, for the refusal. Throws RouterError. */
export function partOf(part: ContentPart, field: string): GooglePart {
  switch (part.type) {
    case "text":
      return { text: part.text ?? "" };
    case "refusal":
      return { text: textIn(part, "refusal") };
    case "image_url":
      return mediaAt(textIn(part["image_url"], "url"), `${field}.image_url.url`);
    case "file":
      return mediaAt(textIn(part["file"], "file_data"), `${field}.file.file_data`);
    case "input_audio": {
      const { input_audio: audio } = part;
      const [data, format] = [textIn(audio, "data"), textIn(audio, "format")];
      if (data === "" || !/^\w{1,10}$/.test(format))
        throw unaskable(`${field}.input_audio`, "needs data and a format such as wav");
      return { inlineData: { mimeType: `audio/${format}`, data } };
    }
    default:
      throw unaskable(`${field}.type`, "has no counterpart in Gemini's API");
  }
}

function textIn(value: unknown, name: string): string {
  const text = isRecord(value) ? value[name] : undefined;
  return typeof text === "string" ? text : "";
}

function mediaAt(url: string, field: string): GooglePart {
  if (url.startsWith("https://")) {
    const [, extension = ""] = /\.(\w{3,4})(?:[?#]|$)/.exec(url) ?? [];
    const mimeType = MIME_OF[extension.toLowerCase()];
    return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri: url } };
  }
  // A regular expression over megabytes of base64 would copy them.
  const comma = url.startsWith("data:") ? url.indexOf(",") : -1;
  const [, mimeType] =
    /^data:([\w.+-]+\/[\w.+-]+)(?:;[^,;]+)*;base64$/.exec(url.slice(0, Math.max(comma, 0))) ?? [];
  if (mimeType === undefined)
    throw unaskable(field, "must be an https address or a data: URL in base64");
  return { inlineData: { mimeType, data: url.slice(comma + 1) } };
}
