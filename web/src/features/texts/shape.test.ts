import { describe, expect, it } from "vitest";
import type { Example, Message } from "./api";
import { contentOf, EMPTY, faultOf, reshape, sameWriting, titleOf, withMessage, withoutTurn, withSystem, withTurn, writingOf } from "./shape";

const say = (role: Message["role"], content: string): Message => ({ role, content, tool_calls: [] });
const example = (change: Partial<Example>) => ({ messages: [], text: "", chosen: null, rejected: null, held_out: false, ...change }) as unknown as Example;

describe("writingOf and contentOf", () => {
  it.each([
    { messages: [say("user", "hi"), say("assistant", "hello")] },
    { text: "A document.", held_out: true },
    { messages: [say("user", "hi")], chosen: "good", rejected: "bad" },
  ])("bring an example back as it was: %j", (change) => {
    const one = example(change);
    expect(contentOf(writingOf(one))).toEqual(one);
  });

  it("keep the calls of tools", () => {
    const calls = [{ function: { name: "weather" } }];
    const one = example({ messages: [say("user", "hi"), { role: "assistant", content: "", tool_calls: calls }, say("tool", "sun"), say("assistant", "It shines.")] });
    expect(contentOf(withMessage(writingOf(one), 3, { content: "Sun." })).messages?.[1]).toEqual({ role: "assistant", content: "", tool_calls: calls });
  });
});

describe("reshape", () => {
  it("makes the answer the better one of two, and back", () => {
    const talk = writingOf(example({ messages: [say("user", "hi"), say("assistant", "hello")] }));
    const choice = reshape(talk, "choice");
    expect(contentOf(choice)).toMatchObject({ messages: [say("user", "hi")], chosen: "hello", rejected: "" });
    expect(sameWriting(reshape(choice, "talk"), talk)).toBe(true);
  });

  it("loses nothing on the way through a document", () => {
    const talk = writingOf(example({ messages: [say("user", "hi"), say("assistant", "hello")] }));
    expect(reshape(reshape(talk, "document"), "talk")).toEqual(talk);
    const document = writingOf(example({ text: "words" }));
    expect(reshape(reshape(document, "choice"), "document").text).toBe("words");
    expect(reshape(document, "talk").messages.map((one) => one.role)).toEqual(["user", "assistant"]);
  });
});

it("lets both take turns, with what the model is told in front", () => {
  const longer = withSystem(withTurn(withTurn(EMPTY)));
  expect(longer.messages.map((one) => one.role)).toEqual(["system", "user", "assistant", "user", "assistant"]);
  expect(withoutTurn(longer, 0).messages).toHaveLength(4);
});

describe("faultOf", () => {
  it.each([
    [EMPTY, "question"],
    [withMessage(EMPTY, 0, { content: "hi" }), "answer"],
    [withMessage(withMessage(EMPTY, 0, { content: "hi" }), 1, { content: "hello" }), null],
    [{ ...EMPTY, shape: "document" as const, text: "  " }, "nothing"],
    [{ ...EMPTY, shape: "choice" as const, messages: [say("user", "hi")], chosen: "a" }, "choices"],
  ])("%#", (writing, fault) => expect(faultOf(writing)).toBe(fault));
});

it("names an example by what the person says", () => {
  expect(titleOf(example({ messages: [say("system", "Be kind."), say("user", "How\n are you?")] }))).toBe("How are you?");
  expect(titleOf(example({ text: "# Title" }))).toBe("# Title");
});
