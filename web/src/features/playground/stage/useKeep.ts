// Puts the picture that stands into the history: it is drawn once more by what made it, beside whatever is drawn meanwhile.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/errors";
import { drawingKeys } from "@/features/playground/queries";
import { draw } from "@/features/playground/state/draw";
import type { Play } from "@/features/playground/state/play";

export function useKeep(play: Play) {
  const client = useQueryClient();
  return useMutation({
    /** The id in the history. */
    mutationFn: async (): Promise<string> => {
      const { shown } = play.view();
      if (!shown) throw new ApiError("drawing_not_found", "");
      const how = { stream: "", keep: true, metadata: play.settings().metadata };
      for await (const line of draw(shown.asked, how, new AbortController().signal)) {
        if (!line.kept) continue;
        play.tell({ do: "kept", sequence: shown.sequence, id: line.kept });
        return line.kept;
      }
      throw new ApiError("internal", "");
    },
    onSuccess: () => client.invalidateQueries({ queryKey: drawingKeys.drawings }),
  });
}
