// The stream as a hook: open while the component is there, its state as a value.
import { useEffect, useEffectEvent, useState } from "react";
import { openStream, type StreamState } from "@/api/socket";

/**
 * Follows `path` from sequence number `after` (null: the stream has none). Pass path null to follow nothing.
 * Every batch is given once and in order, also over reconnections, sleep and a lost network.
 */
export function useEventStream<T>(path: string | null, after: number | null, onBatch: (batch: T[]) => void): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const receive = useEffectEvent(onBatch);
  const start = useEffectEvent(() => after);

  useEffect(() => {
    if (path === null) return;
    return openStream<T>({ path, after: start(), onBatch: (batch) => receive(batch), onState: setState });
  }, [path]);

  return state;
}
