// Several settings changed at once by a button, and the one way back.
import { useState } from "react";
import { type Act, backFrom, type Draft } from "@/features/new-run/draft";
import type { Flat } from "@/features/new-run/form/nested";

export interface Changes {
  put: (values: Flat) => void;
  /** How many settings the last button changed; 0 when there is nothing to take back. */
  count: number;
  undo: () => void;
}

export function useChanges(draft: Draft, dispatch: (action: Act) => void): Changes {
  const [back, setBack] = useState<{ values: Partial<Flat>; count: number } | null>(null);
  return {
    count: back?.count ?? 0,
    put: (values) => {
      setBack({ values: backFrom(draft, values), count: Object.keys(values).length });
      dispatch({ do: "put", values });
    },
    undo: () => {
      if (back) dispatch({ do: "back", values: back.values });
      setBack(null);
    },
  };
}
