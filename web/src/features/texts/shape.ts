// An example as it is written: a conversation, a document, or two answers to choose from.
import type { Content, Example, Message, Role } from "./api";

export const SHAPES = ["talk", "document", "choice"] as const;
export type Shape = (typeof SHAPES)[number];

export interface Writing {
  shape: Shape;
  messages: readonly Message[];
  text: string;
  chosen: string;
  rejected: string;
  heldOut: boolean;
}

const turn = (role: Role, content = ""): Message => ({ role, content, tool_calls: [] });
export const EMPTY: Writing = { shape: "talk", messages: [turn("user"), turn("assistant")], text: "", chosen: "", rejected: "", heldOut: false };

export function shapeOf(example: Pick<Example, "messages" | "text" | "chosen">): Shape {
  if (example.messages.length === 0) return "document";
  return example.chosen == null ? "talk" : "choice";
}

export function writingOf(example: Pick<Example, "messages" | "text" | "chosen" | "rejected" | "held_out">): Writing {
  const { messages, text, chosen, rejected, held_out: heldOut } = example;
  return { shape: shapeOf(example), messages, text, chosen: chosen ?? "", rejected: rejected ?? "", heldOut };
}

/** What is sent: the fields of the other shapes are empty. */
export function contentOf({ shape, messages, text, chosen, rejected, heldOut }: Writing): Content {
  const choice = shape === "choice";
  return {
    messages: shape === "document" ? [] : [...messages],
    text: shape === "document" ? text : "",
    chosen: choice ? chosen : null,
    rejected: choice ? rejected : null,
    held_out: heldOut,
  };
}

export const sameWriting = (a: Writing, b: Writing): boolean => JSON.stringify(contentOf(a)) === JSON.stringify(contentOf(b));

/** What was written so far, brought into another shape: nothing that was typed goes away. */
export function reshape(writing: Writing, shape: Shape): Writing {
  if (shape === writing.shape) return writing;
  const { messages, chosen, rejected } = writing;
  const last = messages.at(-1);
  if (shape === "choice" && last?.role === "assistant") return { ...writing, shape, messages: messages.slice(0, -1), chosen: chosen || last.content, rejected };
  if (shape === "talk" && writing.shape === "choice") return { ...writing, shape, messages: [...messages, turn("assistant", chosen)] };
  if (messages.length === 0) return { ...writing, shape, messages: shape === "talk" ? EMPTY.messages : [turn("user")] };
  return { ...writing, shape };
}

/** The person and the model take turns; what begins is the person. */
export function withTurn(writing: Writing): Writing {
  const last = writing.messages.at(-1)?.role;
  return { ...writing, messages: [...writing.messages, turn(last === "user" || last === "tool" ? "assistant" : "user")] };
}

export function withoutTurn(writing: Writing, at: number): Writing {
  return { ...writing, messages: writing.messages.filter((_, index) => index !== at) };
}

export function withMessage(writing: Writing, at: number, change: Partial<Message>): Writing {
  return { ...writing, messages: writing.messages.map((message, index) => (index === at ? { ...message, ...change } : message)) };
}

export const withSystem = (writing: Writing): Writing => ({ ...writing, messages: [turn("system"), ...writing.messages] });

export type Fault = "nothing" | "question" | "answer" | "choices";

/** Why it cannot be learned from as it is, seen before the server has to say so. */
export function faultOf({ shape, messages, text, chosen, rejected }: Writing): Fault | null {
  if (shape === "document") return text.trim() === "" ? "nothing" : null;
  const says = (role: Role) => messages.some((one) => one.role === role && (one.content.trim() !== "" || one.tool_calls.length > 0));
  if (!says("user") && !says("tool")) return "question";
  if (shape === "choice") return chosen.trim() === "" || rejected.trim() === "" ? "choices" : null;
  return says("assistant") ? null : "answer";
}

/** An example in one line: for lists that only have to name it. */
export function titleOf(example: Pick<Example, "messages" | "text">): string {
  const first = example.messages.find((one) => one.role === "user") ?? example.messages[0];
  return (first?.content ?? example.text).replace(/\s+/g, " ").trim();
}

/** Everything an example says as one text, to compare two versions of it. */
export function wordsOf({ shape, messages, text, chosen, rejected }: Writing): string {
  if (shape === "document") return text;
  const turns = messages.map((one) => one.content);
  return [...turns, ...(shape === "choice" ? [chosen, rejected] : [])].join("\n\n");
}
