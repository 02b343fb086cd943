import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStream, type StreamState } from "./socket";

interface Item {
  seq: number;
}

class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  tell(...seqs: number[]) {
    this.onmessage?.({ data: JSON.stringify(seqs.map((seq) => ({ seq }))) });
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
}

const last = () => FakeSocket.all.at(-1) as FakeSocket;

describe("openStream", () => {
  let got: number[];
  let states: StreamState[];
  let close: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
    FakeSocket.all = [];
    got = [];
    states = [];
    close = openStream<Item>({
      path: "/api/runs/r1/events",
      after: 40,
      onBatch: (batch) => got.push(...batch.map((item) => item.seq)),
      onState: (state) => states.push(state),
    });
    last().open();
  });

  afterEach(() => {
    close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("begins after what is known", () => {
    expect(last().url).toMatch(/^ws:.*\/api\/runs\/r1\/events\?after=40$/);
  });

  it("goes on after the last event when the connection comes back, and drops what it has", () => {
    last().tell(41, 42);
    last().close();
    expect(states.at(-1)).toBe("offline");
    vi.advanceTimersByTime(1_000);
    expect(FakeSocket.all).toHaveLength(2);
    expect(last().url).toContain("after=42");
    last().open();
    last().tell(42, 43);
    expect(got).toEqual([41, 42, 43]);
  });

  it("waits longer each time, up to a limit", () => {
    for (let tries = 0; tries < 12; tries++) {
      last().close();
      vi.advanceTimersByTime(20_000);
    }
    expect(FakeSocket.all).toHaveLength(13);
    last().close();
    vi.advanceTimersByTime(5_000);
    expect(FakeSocket.all).toHaveLength(13);
  });

  it("does not wait when the network or the tab comes back", () => {
    last().close();
    globalThis.dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(2);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("stays closed once closed", () => {
    close();
    vi.advanceTimersByTime(60_000);
    globalThis.dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(1);
  });
});
