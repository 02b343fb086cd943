// Does something at once, and again at most so often; what was asked for in between is done once, at the end.
import { useEffect, useRef } from "react";

/** `calm(work, pause)` is a function that runs `work` with at least `pause` milliseconds between two times. */
export function calm(work: () => void, pause: number): { ask: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const go = () => {
    again = false;
    work();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) go();
    }, pause);
  };
  return {
    ask: () => (timer === undefined ? go() : void (again = true)),
    stop: () => clearTimeout(timer),
  };
}

export function useCalm(work: () => void, pause: number): () => void {
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  const held = useRef<ReturnType<typeof calm> | null>(null);
  useEffect(() => () => {
    held.current?.stop();
    held.current = null;
  }, []);
  return () => {
    held.current ??= calm(() => latest.current(), pause);
    held.current.ask();
  };
}
