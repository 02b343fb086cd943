import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { newestRuns, putRun } from "./live";
import { keys } from "./queries";
import type { Run } from "./types";

const run = (id: string, step: number, state: Run["state"] = "running") => ({ id, step, state }) as Run;

describe("newestRuns", () => {
  it("keeps the newest news of each run", () => {
    const batch = [1, 2, 3].map((step) => ({ type: "run" as const, run: run("a", step) }));
    expect(newestRuns([...batch, { type: "queue" }, { type: "run", run: run("b", 9) }])).toEqual([run("a", 3), run("b", 9)]);
  });
});

describe("putRun", () => {
  it("reaches the run, lists, pages and the queue, and says how it was", () => {
    const client = new QueryClient();
    const before = run("a", 1);
    client.setQueryData(keys.run("a"), before);
    client.setQueryData([...keys.runs, "recent"], { items: [before, run("b", 5)], next: null });
    client.setQueryData([...keys.runs, "all"], { pages: [{ items: [run("b", 5)] }, { items: [before] }], pageParams: [] });
    client.setQueryData(keys.queue, { running: [before], waiting: [], paused: false });

    expect(putRun(client, run("a", 2, "finished"))).toBe(before);

    expect(client.getQueryData(keys.run("a"))).toMatchObject({ step: 2 });
    expect(client.getQueryData([...keys.runs, "recent"])).toMatchObject({ items: [{ id: "a", step: 2 }, { id: "b", step: 5 }] });
    expect(client.getQueryData([...keys.runs, "all"])).toMatchObject({ pages: [{}, { items: [{ step: 2, state: "finished" }] }] });
    expect(client.getQueryData(keys.queue)).toMatchObject({ running: [{ step: 2 }] });
  });
});
