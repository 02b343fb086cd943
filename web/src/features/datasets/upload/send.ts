// One file to the server by tus: in pieces, tried again, and continued where an earlier try stopped.
import * as tus from "tus-js-client";
import { api, csrfHeaders, take } from "@/api/client";
import { ApiError, readError } from "@/api/errors";
import type { UploadResult } from "@/api/types";

export interface Target {
  dataset?: string;
  kind?: "base_model" | "lora";
}

export interface SendHooks {
  onProgress: (sent: number) => void;
  /** The server looks at what arrived; `added` pictures are in the set already. */
  onChecking: (added: number) => void;
  signal: AbortSignal;
}

/** Sends one file and waits until the server has looked at it. */
export type Send = (file: File, name: string, hooks: SendHooks) => Promise<UploadResult>;

const PIECE = 16 * 2 ** 20;
/** Smaller files are faster sent anew than remembered. */
const WORTH_RESUMING = 4 * 2 ** 20;
const WAITS = [500, 1_000, 3_000, 5_000, 10_000];

function fault(error: Error | tus.DetailedError): ApiError {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (!response) return new ApiError("offline", error.message);
  try {
    return readError(JSON.parse(response.getBody()), response.getStatus());
  } catch {
    return readError(null, response.getStatus());
  }
}

function transfer(file: File, name: string, target: Target, hooks: SendHooks): Promise<string> {
  const resumable = file.size >= WORTH_RESUMING;
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(file, {
      endpoint: "/api/uploads",
      headers: csrfHeaders(),
      chunkSize: PIECE,
      retryDelays: WAITS,
      storeFingerprintForResuming: resumable,
      removeFingerprintOnSuccess: true,
      metadata: { filename: name, filetype: file.type || "application/octet-stream", ...target },
      fingerprint: () => Promise.resolve(["loom", target.dataset ?? target.kind, name, file.size, file.lastModified].join(":")),
      onProgress: hooks.onProgress,
      onError: (error) => reject(fault(error)),
      onSuccess: () => resolve(upload.url?.split("/").pop() ?? ""),
    });
    hooks.signal.addEventListener("abort", () => {
      void upload.abort();
      reject(new ApiError("interrupted", ""));
    });
    const start = async () => {
      const earlier = resumable ? (await upload.findPreviousUploads())[0] : undefined;
      if (earlier) upload.resumeFromPreviousUpload(earlier);
      if (!hooks.signal.aborted) upload.start();
    };
    start().catch(reject);
  });
}

/** Waits until the server has looked at an upload. */
export async function resultOf(id: string, { signal, onChecking }: SendHooks): Promise<UploadResult> {
  for (let wait = 150; ; wait = Math.min(wait * 1.5, 2_000)) {
    const state = await take(api.GET("/api/uploads/{upload_id}/result", { params: { path: { upload_id: id } }, signal }));
    if (state.state === "done" || state.state === "refused") return state;
    onChecking(state.added);
    await new Promise((done) => setTimeout(done, wait));
  }
}

export const sendTo =
  (target: Target): Send =>
  async (file, name, hooks) => {
    const id = await transfer(file, name, target, hooks);
    hooks.onChecking(0);
    return resultOf(id, hooks);
  };
