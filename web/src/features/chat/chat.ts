// A conversation with a LoRA beside its base: what was asked, what each said, and what each is told of it when it is asked again.
import type { ChatLine, Message } from "@/api/types";

export const SPEAKERS = ["lora", "base"] as const;
export type Speaker = (typeof SPEAKERS)[number];

export interface Said {
  state: "waiting" | "loading" | "speaking" | "done" | "stopped" | "failed";
  text: string;
  /** With which strength of the LoRA. */
  strength: number;
  tokens: number;
  seconds: number;
  error: { code: string; message: string; hint: string } | null;
}

export interface Turn {
  question: string;
  answers: Partial<Record<Speaker, Said>>;
}

export type Act =
  | { do: "ask"; question: string; strengths: Partial<Record<Speaker, number>> }
  /** The newest question once more: what was answered is replaced. */
  | { do: "again"; strengths: Partial<Record<Speaker, number>> }
  | { do: "line"; speaker: Speaker; line: ChatLine }
  | { do: "failed"; speaker: Speaker; error: { code: string; message: string; hint: string } }
  | { do: "stop" }
  | { do: "clear" };

const silent = (strength: number): Said => ({ state: "waiting", text: "", strength, tokens: 0, seconds: 0, error: null });
const silentAll = (strengths: Partial<Record<Speaker, number>>): Turn["answers"] =>
  Object.fromEntries(Object.entries(strengths).map(([speaker, strength]) => [speaker, silent(strength)]));

export const isOpen = (said: Said | undefined): boolean => said !== undefined && (said.state === "waiting" || said.state === "loading" || said.state === "speaking");

export function chat(turns: readonly Turn[], action: Act): readonly Turn[] {
  const last = turns.at(-1);
  const before = turns.slice(0, -1);
  switch (action.do) {
    case "ask":
      return [...turns, { question: action.question, answers: silentAll(action.strengths) }];
    case "again":
      return last ? [...before, { question: last.question, answers: silentAll(action.strengths) }] : turns;
    case "clear":
      return [];
    case "stop":
      return last ? [...before, { ...last, answers: mapped(last.answers, (said) => (isOpen(said) ? { ...said, state: "stopped" } : said)) }] : turns;
    case "line":
    case "failed": {
      const said = last?.answers[action.speaker];
      if (!last || !said || !isOpen(said)) return turns;
      const next: Said = action.do === "failed" ? { ...said, state: "failed", error: action.error } : heard(said, action.line);
      return [...before, { ...last, answers: { ...last.answers, [action.speaker]: next } }];
    }
  }
}

function mapped(answers: Turn["answers"], change: (said: Said) => Said): Turn["answers"] {
  return Object.fromEntries(Object.entries(answers).map(([speaker, said]) => [speaker, change(said)]));
}

function heard(said: Said, line: ChatLine): Said {
  switch (line.event) {
    case "loading":
      return { ...said, state: "loading" };
    case "ready":
      return { ...said, state: "speaking" };
    case "token":
      return { ...said, state: "speaking", text: said.text + (line.text ?? "") };
    case "done":
      return { ...said, state: "done", text: said.text || (line.text ?? ""), tokens: line.tokens ?? 0, seconds: line.seconds ?? 0 };
    case "error":
      return { ...said, state: "failed", error: { code: line.code ?? "internal", message: line.message ?? "", hint: line.hint ?? "" } };
  }
}

/** The conversation as one of them knows it: its own answers, and where it gave none, the other's. The newest question comes last. */
export function messagesFor(turns: readonly Turn[], speaker: Speaker, system: string): Message[] {
  const messages: Message[] = system.trim() === "" ? [] : [say("system", system.trim())];
  turns.forEach(({ question, answers }, at) => {
    messages.push(say("user", question));
    const said = [answers[speaker], ...SPEAKERS.map((one) => answers[one])].find((one) => one && one.text !== "");
    if (at < turns.length - 1) messages.push(say("assistant", said?.text ?? ""));
  });
  return messages;
}

const say = (role: Message["role"], content: string): Message => ({ role, content, tool_calls: [] });

/** As it was left: what was under way then was stopped by leaving. */
export function revived(stored: string | null): readonly Turn[] {
  try {
    return chat(JSON.parse(stored ?? "[]") as Turn[], { do: "stop" });
  } catch {
    return [];
  }
}
