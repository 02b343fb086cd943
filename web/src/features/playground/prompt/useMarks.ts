// What the server reads in a prompt, asked once it rests for a moment; until then the earlier marks move along.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { promptQuery } from "@/features/playground/queries";
import type { Span } from "@/features/playground/types";
import { moved } from "./spans";

const REST = 120;

export interface Marks {
  spans: Span[];
  /** Null until it was read once. */
  tokens: number | null;
  limit: number;
}

export function useMarks(prompt: string, base: string): Marks {
  const [asked] = useDebouncedValue(prompt, REST);
  const { data } = useQuery({ ...promptQuery(asked, base), enabled: asked !== "" });
  return useMemo(() => {
    if (data === undefined || prompt === "") return { spans: [], tokens: null, limit: 0 };
    return { spans: moved(data.spans, data.prompt, prompt), tokens: data.tokens, limit: data.limit };
  }, [data, prompt]);
}
