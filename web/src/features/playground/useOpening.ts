// What the address asks for: a LoRA or a checkpoint to try, a kept drawing, or settings that somebody sent. Else all is as it was left.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { loraQuery } from "@/features/loras/queries";
import { runQuery } from "@/features/runs/queries";
import { drawingQuery } from "./queries";
import type { Play } from "./state/play";
import { type Asked, fromHash, tried } from "./state/settings";

export interface Opening {
  /** Whether the address is still being read. */
  opening: boolean;
  error: unknown;
  again: () => void;
}

export function useOpening(play: Play): Opening {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { search, hash } = useLocation();
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const opened = useRef(false);
  const asks = hash.length > 1 || /[?&](lora|run|drawing)=/.test(search);

  useEffect(() => {
    // from here on the page is as it was left, whatever its address was
    if (!asks && opened.current) return;
    let gone = false;
    const params = new URLSearchParams(search);
    const [lora, run, drawing] = ["lora", "run", "drawing"].map((name) => params.get(name));
    const read = async (): Promise<Partial<Asked> | null> => {
      const { asked } = play.settings();
      if (lora) {
        const found = await client.fetchQuery(loraQuery(lora));
        return tried(asked, { lora, strength: 1, blocks: {} }, found.base_model, found.trigger);
      }
      if (run) {
        const found = await client.fetchQuery(runQuery(run));
        const step = params.get("step");
        return tried(asked, { run, step: step === null || step === "" ? null : Number(step), strength: 1, blocks: {} }, found.base_model, "");
      }
      return fromHash(hash);
    };
    const open = async () => {
      if (drawing) {
        const found = await client.fetchQuery(drawingQuery(drawing));
        if (!gone) play.restore(found);
      } else {
        const change = await read();
        if (gone) return;
        if (change) play.ask(change);
        const { asked, live } = play.settings();
        if (live && (asked.prompt !== "" || asked.loras.length > 0)) play.redraw();
      }
      if (gone) return;
      opened.current = true;
      if (asks) void navigate("/playground", { replace: true });
    };
    open().catch((reason: unknown) => !gone && setError(reason));
    return () => {
      gone = true;
    };
    // the address is read once; that it is cleared afterwards changes nothing
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [play, client, asks, tries]);

  return {
    opening: asks && error === null,
    error,
    again: () => {
      setError(null);
      setTries(tries + 1);
    },
  };
}
