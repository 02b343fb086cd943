// What is looked at, kept in the address.
import { useCallback } from "react";
import { useSearchParams } from "react-router";
import { changedLook, type Look, type LookChange, readLook, writeLook } from "@/features/experiments/grid/address";

export function useLook(): [Look, (change: LookChange) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (change: LookChange) =>
      setParams(() => {
        // The address itself: two changes may come before the page is drawn anew.
        const before = new URLSearchParams(globalThis.location.search);
        return writeLook(before, changedLook(readLook(before), change));
      }, { replace: true, preventScrollReset: true }),
    [setParams],
  );
  return [readLook(params), set];
}
