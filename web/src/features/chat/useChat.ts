// The chat with one LoRA: asked, streamed line by line, stopped; kept in this browser so that leaving the page loses nothing.
import { useEffect, useReducer, useRef } from "react";
import { api, take } from "@/api/client";
import { ApiError, asApiError } from "@/api/errors";
import type { ChatLine, Message } from "@/api/types";
import { jsonLines } from "@/lib/ndjson";
import { forget, readStored, store } from "@/lib/stored";
import { chat, isOpen, messagesFor, revived, type Speaker, SPEAKERS, type Turn } from "./chat";

export interface ChatSettings {
  /** Of the LoRA; the base speaks with 0. */
  strength: number;
  temperature: number;
  maxTokens: number;
  seed: number;
  system: string;
  /** Whether the base answers too. */
  beside: boolean;
}

type Body = { messages: Message[]; strength: number; temperature: number; max_tokens: number; seed: number };

async function startChat(lora: string, body: Body, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const stream: unknown = await take(api.POST("/api/loras/{lora_id}/chat", { params: { path: { lora_id: lora } }, body, parseAs: "stream", signal }));
  return stream as ReadableStream<Uint8Array>;
}

const stopChat = (lora: string) => take(api.POST("/api/loras/{lora_id}/chat/stop", { params: { path: { lora_id: lora } } }));

export function useChat(lora: string) {
  const [turns, dispatch] = useReducer(chat, null, () => revived(readStored(`chat ${lora}`)));
  const running = useRef<AbortController | null>(null);
  const busy = turns.at(-1) !== undefined && SPEAKERS.some((one) => isOpen(turns.at(-1)?.answers[one]));

  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    if (turns.length > 0) store(`chat ${lora}`, JSON.stringify(turns));
    else forget(`chat ${lora}`);
  }, [lora, turns]);

  const listen = async (speaker: Speaker, body: Body, { signal }: AbortController) => {
    const fail = (reason: unknown) => {
      const error = asApiError(reason instanceof TypeError ? new ApiError("offline", reason.message) : reason);
      dispatch({ do: "failed", speaker, error: { code: error.code, message: error.message, hint: error.hint } });
    };
    let over = false;
    try {
      for await (const line of jsonLines<ChatLine>(await startChat(lora, body, signal))) {
        if (signal.aborted) return;
        over = line.event === "done" || line.event === "error";
        dispatch({ do: "line", speaker, line });
      }
      if (!over) fail(new ApiError("offline", ""));
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  };

  /** One after the other: there is one model, and it speaks with one strength at a time. */
  const speak = async (known: readonly Turn[], settings: ChatSettings) => {
    const controller = new AbortController();
    running.current = controller;
    for (const speaker of speakersOf(settings)) {
      const { temperature, maxTokens: max_tokens, seed, system } = settings;
      const strength = speaker === "base" ? 0 : settings.strength;
      await listen(speaker, { messages: messagesFor(known, speaker, system), strength, temperature, max_tokens, seed }, controller);
      if (controller.signal.aborted) return;
    }
  };

  return {
    turns,
    busy,
    ask: (question: string, settings: ChatSettings) => {
      dispatch({ do: "ask", question, strengths: strengthsOf(settings) });
      void speak([...turns, { question, answers: {} }], settings);
    },
    again: (settings: ChatSettings) => {
      const last = turns.at(-1);
      if (!last) return;
      dispatch({ do: "again", strengths: strengthsOf(settings) });
      void speak([...turns.slice(0, -1), { question: last.question, answers: {} }], settings);
    },
    stop: () => {
      running.current?.abort();
      dispatch({ do: "stop" });
      // the stream's end stops it too; this one says so at once
      void stopChat(lora).catch(() => undefined);
    },
    clear: () => {
      running.current?.abort();
      dispatch({ do: "clear" });
    },
  };
}

const speakersOf = ({ beside }: ChatSettings): readonly Speaker[] => (beside ? SPEAKERS : ["lora"]);
const strengthsOf = (settings: ChatSettings): Partial<Record<Speaker, number>> =>
  Object.fromEntries(speakersOf(settings).map((speaker) => [speaker, speaker === "base" ? 0 : settings.strength]));
