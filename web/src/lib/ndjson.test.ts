import { describe, expect, it, vi } from "vitest";
import { jsonLines } from "@/lib/ndjson";

const streamOf = (chunks: Uint8Array[], cancelled = vi.fn()) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = chunks.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel: cancelled,
  });

async function read(stream: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of jsonLines(stream)) found.push(one);
  return found;
}

describe("jsonLines", () => {
  const values = [{ event: "trying", message: "批次 4" }, { event: "done", nested: { a: [1, 2] } }];
  const bytes = new TextEncoder().encode(values.map((value) => JSON.stringify(value)).join("\n") + "\n");

  it.each([1, 2, 3, 7, 1000])("reads what comes in pieces of %i bytes, also in the middle of a character", async (size) => {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.slice(n * size, (n + 1) * size));
    expect(await read(streamOf(chunks))).toEqual(values);
  });

  it("reads a last line without a line break, and passes over empty ones", async () => {
    expect(await read(streamOf([new TextEncoder().encode('\n{"a":1}\n\n{"a":2}')]))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await read(streamOf([]))).toEqual([]);
  });

  it("gives each line as soon as it is whole, and lets go of the stream when nobody reads on", async () => {
    const cancelled = vi.fn();
    const stream = streamOf([bytes.slice(0, 40), bytes.slice(40)], cancelled);
    for await (const one of jsonLines(stream)) {
      expect(one).toEqual(values[0]);
      break;
    }
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it("fails on what is no JSON", async () => {
    await expect(read(streamOf([new TextEncoder().encode("<html>\n")]))).rejects.toThrow(SyntaxError);
  });
});
