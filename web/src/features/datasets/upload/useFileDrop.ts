// Files dropped anywhere on the screen.
import { useEffect, useEffectEvent, useState } from "react";
import { type Chosen, filesOfDrop } from "./walk";

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

/** True while files hang over the window. */
export function useFileDrop(onFiles: (files: Chosen[]) => void): boolean {
  const [over, setOver] = useState(false);
  const take = useEffectEvent(onFiles);

  useEffect(() => {
    const listening = new AbortController();
    const listen = (type: "dragover" | "dragleave" | "drop", handle: (event: DragEvent) => void) =>
      globalThis.addEventListener(type, handle, { signal: listening.signal });

    listen("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    });
    listen("dragleave", (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    listen("drop", (event) => {
      setOver(false);
      if (!event.dataTransfer || !holdsFiles(event)) return;
      event.preventDefault();
      void filesOfDrop(event.dataTransfer).then((files) => take(files));
    });
    return () => listening.abort();
  }, []);

  return over;
}
