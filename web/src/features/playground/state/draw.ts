// One drawing, line by line. The picture is decoded before it is told of, so that it can take the old one's place without a flicker.
import { api, take } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { DrawnLine } from "@/features/playground/types";
import { jsonLines } from "@/lib/ndjson";
import type { Asked } from "./settings";

interface How {
  /** What a newer drawing of this page takes the place of; empty: of nothing. */
  stream: string;
  keep: boolean;
  metadata: boolean;
}

/** A line leaves out what has not changed. */
const LINE: Omit<DrawnLine, "event"> = { done: 0, total: 0, picture: null, kept: null, width: 0, height: 0, steps: 0, guidance: 0, prompt: "", load_ms: 0, swap_ms: 0, draw_ms: 0, warnings: [] };
const LAST: readonly DrawnLine["event"][] = ["done", "newer", "error"];

/** Throws ApiError: what the server said, or that the stream ended too early. */
export async function* draw(drawing: Asked, how: How, signal: AbortSignal): AsyncGenerator<DrawnLine> {
  let over = false;
  try {
    const stream: unknown = await take(api.POST("/api/drawings", { body: { drawing, ...how }, parseAs: "stream", signal }));
    for await (const said of jsonLines<Partial<DrawnLine> & Pick<DrawnLine, "event">>(stream as ReadableStream<Uint8Array>)) {
      const line: DrawnLine = { ...LINE, ...said };
      if (signal.aborted) return;
      over = LAST.includes(line.event);
      if (line.event === "error") throw new ApiError(line.code ?? "internal", line.message ?? "", 0, line.hint ?? "");
      if (line.picture) await decoded(line.picture);
      yield line;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof TypeError ? new ApiError("offline", error.message) : error;
  }
  if (!over && !signal.aborted) throw new ApiError("offline", "");
}

async function decoded(source: string): Promise<void> {
  const image = new Image();
  image.src = source;
  // one that cannot be decoded is shown as missing where it stands
  await image.decode?.().catch(() => undefined);
}
