// Live events over a WebSocket that comes back by itself and goes on after the last sequence number it saw.

export type StreamState = "connecting" | "live" | "behind" | "offline";

export interface StreamOptions<T> {
  /** Path with its query, without `after`: "/api/queue/events". */
  path: string;
  /** Start after this sequence number; null for a stream that has none. */
  after: number | null;
  onBatch: (batch: T[]) => void;
  onState?: (state: StreamState) => void;
  /** The number to resume after; default: the `seq` of the last item that has one. */
  seqOf?: (item: T) => number | undefined;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

function defaultSeq(item: unknown): number | undefined {
  const seq = (item as { seq?: unknown } | null)?.seq;
  return typeof seq === "number" ? seq : undefined;
}

/** Opens the stream and keeps it open; returns how to close it for good. */
export function openStream<T>(options: StreamOptions<T>): () => void {
  const seqOf = options.seqOf ?? defaultSeq;
  let last = options.after;
  let wait = FIRST_WAIT;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | null = null;
  let closed = false;

  const say = (state: StreamState) => options.onState?.(state);

  const receive = (data: unknown) => {
    const batch = JSON.parse(String(data)) as T[];
    const fresh = batch.filter((item) => last === null || (seqOf(item) ?? Infinity) > last);
    if (last !== null) for (const item of fresh) last = Math.max(last, seqOf(item) ?? last);
    wait = FIRST_WAIT;
    if (fresh.length) options.onBatch(fresh);
    say("live");
  };

  const connect = () => {
    clearTimeout(timer);
    if (closed) return;
    say(last ? "behind" : "connecting");
    const mine = new WebSocket(streamUrl(options.path, last));
    socket = mine;
    mine.onopen = () => say("live");
    mine.onmessage = (message) => receive(message.data);
    mine.onclose = () => {
      if (closed || socket !== mine) return;
      say("offline");
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };

  /** A tab that woke or a network that came back does not wait for the timer. */
  const wake = () => {
    if (closed || document.visibilityState === "hidden") return;
    if (socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
    wait = FIRST_WAIT;
    connect();
  };

  document.addEventListener("visibilitychange", wake);
  globalThis.addEventListener("online", wake);
  connect();

  return () => {
    closed = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
    globalThis.removeEventListener("online", wake);
    socket?.close();
  };
}

function streamUrl(path: string, after: number | null): string {
  const url = new URL(path, globalThis.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (after !== null) url.searchParams.set("after", String(after));
  return url.href;
}
