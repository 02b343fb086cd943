import { describe, expect, it } from "vitest";
import type { ChatLine } from "@/api/types";
import { type Act, chat, isOpen, messagesFor, revived, type Turn } from "./chat";

const line = (event: ChatLine["event"], rest: Partial<ChatLine> = {}): ChatLine => ({ event, text: "", tokens: 0, seconds: 0, ...rest }) as ChatLine;
const tell = (turns: readonly Turn[], ...acts: Act[]) => acts.reduce(chat, turns);
const BOTH = { lora: 1, base: 0 };

describe("chat", () => {
  it("hears each answer token by token, the base after the LoRA", () => {
    const turns = tell(
      [],
      { do: "ask", question: "Who?", strengths: BOTH },
      { do: "line", speaker: "lora", line: line("loading") },
      { do: "line", speaker: "lora", line: line("ready") },
      { do: "line", speaker: "lora", line: line("token", { text: "Oda" }) },
      { do: "line", speaker: "lora", line: line("token", { text: "lys" }) },
      { do: "line", speaker: "lora", line: line("done", { tokens: 2, seconds: 0.5 }) },
    );
    expect(turns[0]?.answers.lora).toMatchObject({ state: "done", text: "Odalys", tokens: 2, seconds: 0.5, strength: 1 });
    expect(isOpen(turns[0]?.answers.base)).toBe(true);
  });

  it("keeps what was said when it is stopped, and hears nothing after it", () => {
    const turns = tell(
      [],
      { do: "ask", question: "Who?", strengths: BOTH },
      { do: "line", speaker: "lora", line: line("token", { text: "Oda" }) },
      { do: "stop" },
      { do: "line", speaker: "lora", line: line("token", { text: "late" }) },
    );
    expect(turns[0]?.answers).toMatchObject({ lora: { state: "stopped", text: "Oda" }, base: { state: "stopped", text: "" } });
  });

  it("says what went wrong, and asks once more with another strength", () => {
    const failed = tell([], { do: "ask", question: "Who?", strengths: { lora: 1 } }, { do: "line", speaker: "lora", line: line("error", { code: "out_of_memory" }) });
    expect(failed[0]?.answers.lora).toMatchObject({ state: "failed", error: { code: "out_of_memory" } });
    expect(tell(failed, { do: "again", strengths: { lora: 0.5 } })).toMatchObject([{ question: "Who?", answers: { lora: { state: "waiting", text: "", strength: 0.5 } } }]);
  });
});

describe("messagesFor", () => {
  const said = (text: string) => ({ state: "done" as const, text, strength: 1, tokens: 0, seconds: 0, error: null });
  const turns: Turn[] = [
    { question: "a", answers: { lora: said("A"), base: said("B") } },
    { question: "b", answers: { lora: said("C") } },
    { question: "c", answers: {} },
  ];
  const words = (speaker: "lora" | "base") => messagesFor(turns, speaker, " Be brief. ").map((one) => `${one.role}: ${one.content}`);

  it("gives each its own answers, and the other's where it gave none", () => {
    expect(words("lora")).toEqual(["system: Be brief.", "user: a", "assistant: A", "user: b", "assistant: C", "user: c"]);
    expect(words("base")).toEqual(["system: Be brief.", "user: a", "assistant: B", "user: b", "assistant: C", "user: c"]);
  });
});

describe("revived", () => {
  it("brings a chat back; what was under way was stopped by leaving", () => {
    const turns = chat([], { do: "ask", question: "Who?", strengths: { lora: 1 } });
    expect(revived(JSON.stringify(turns))[0]?.answers.lora?.state).toBe("stopped");
    expect(revived("{half")).toEqual([]);
    expect(revived(null)).toEqual([]);
  });
});
