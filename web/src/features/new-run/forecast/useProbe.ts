// A measurement: started, told line by line, cancelled when its screen is left.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ApiError, asApiError } from "@/api/errors";
import { type Asked, forecastKey, startProbe } from "@/features/forecast/queries";
import type { ProbeLine } from "@/api/types";
import { BEGUN, type Probe, told } from "@/features/new-run/forecast/probe";
import { jsonLines } from "@/lib/ndjson";

interface Probing {
  probe: Probe | null;
  /** What was measured. */
  of: Asked | null;
  start: (asked: Asked, search: boolean) => void;
  cancel: () => void;
}

export function useProbe(): Probing {
  const client = useQueryClient();
  const [probe, setProbe] = useState<Probe | null>(null);
  const [of, setOf] = useState<Asked | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const run = async (asked: Asked, search: boolean, { signal }: AbortController) => {
    const fail = (error: unknown) => setProbe((before) => ({ ...(before ?? BEGUN), state: "failed", now: null, error: asApiError(error instanceof TypeError ? new ApiError("offline", error.message) : error) }));
    let over = false;
    try {
      for await (const line of jsonLines<ProbeLine>(await startProbe(asked, search, signal))) {
        if (signal.aborted) return;
        over = line.event === "done" || line.event === "error";
        setProbe((before) => told(before ?? BEGUN, line));
      }
      if (!over) fail(new ApiError("offline", ""));
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
    // the server remembers what it measured: every forecast may be another one now
    await client.invalidateQueries({ queryKey: forecastKey });
  };

  return {
    probe,
    of,
    start: (asked, search) => {
      running.current?.abort();
      running.current = new AbortController();
      setProbe(BEGUN);
      setOf(asked);
      void run(asked, search, running.current);
    },
    cancel: () => {
      running.current?.abort();
      setProbe((before) => before && { ...before, state: "cancelled", now: null });
    },
  };
}
