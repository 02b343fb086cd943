// The mock's end of tus: it takes bytes, keeps none, and adds a picture for each file.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { UploadResult } from "../src/api/types.ts";
import * as data from "./data.ts";
import { imagesOf } from "./datasets.ts";
import { addLora } from "./publish.ts";

interface Upload {
  length: number;
  offset: number;
  meta: Record<string, string>;
  result: UploadResult;
}

const uploads = new Map<string, Upload>();
const PICTURE = /\.(png|jpe?g|webp|gif|avif|jxl)$/i;

function parse(header: string): Record<string, string> {
  const pairs = header.split(",").map((part) => part.trim().split(" "));
  return Object.fromEntries(pairs.map(([key = "", value = ""]) => [key, Buffer.from(value, "base64").toString()]));
}

function finish(upload: Upload): void {
  const name = upload.meta.filename ?? "";
  const set = data.datasets.find((one) => one.id === upload.meta.dataset);
  const good = PICTURE.test(name) || upload.meta.kind === "base_model" || upload.meta.kind === "lora";
  upload.result.state = good ? "done" : "refused";
  if (!good) upload.result.problems = [{ file: name, reason: "not_a_picture", message: "This is not a picture, a caption or a table." }];
  if (good && upload.meta.kind === "lora") upload.result.lora = addLora(name, upload.length);
  if (!good || !set) return;
  const id = `${set.id}-${set.images}`;
  imagesOf(set).push({ id, name, width: 1024, height: 768, bytes: upload.length, caption: null, thumbnail: `/api/images/${id}/thumbnail`,
    author: null, version: 0, repeats: 1, held_out: false, crop: null, mask: null, removed: false });
  set.images += 1;
  upload.result.added = 1;
  if (set.covers.length < 4) set.covers.push(id);
}

export function uploadRequest(request: IncomingMessage, response: ServerResponse, path: string): void {
  response.setHeader("Tus-Resumable", "1.0.0");
  const [, , , id = "", rest] = path.split("/");
  const upload = uploads.get(id);
  const end = (status: number) => response.writeHead(status).end();
  if (request.method === "POST") {
    const fresh = Math.random().toString(36).slice(2, 10);
    const meta = parse(String(request.headers["upload-metadata"] ?? ""));
    const result = { id: fresh, filename: meta.filename ?? "", state: "receiving" as const, added: 0, duplicates: 0, captions: 0, problems: [], model: null };
    const made: Upload = { length: Number(request.headers["upload-length"]), offset: 0, meta, result };
    uploads.set(fresh, made);
    if (made.length === 0) finish(made);
    response.setHeader("Location", `/api/uploads/${fresh}`);
    return void end(201);
  }
  if (!upload) return void end(404);
  if (rest === "result") return void response.setHeader("Content-Type", "application/json").end(JSON.stringify(upload.result));
  response.setHeader("Upload-Offset", upload.offset);
  response.setHeader("Upload-Length", upload.length);
  if (request.method === "HEAD") return void end(200);
  if (request.method === "DELETE") return void end(uploads.delete(id) ? 204 : 404);
  request.on("data", (chunk: Buffer) => (upload.offset += chunk.length));
  request.on("end", () => {
    if (upload.offset >= upload.length) finish(upload);
    response.setHeader("Upload-Offset", upload.offset);
    setTimeout(() => end(204), 150 + Math.random() * 300);
  });
}
