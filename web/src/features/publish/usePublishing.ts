// From "publish" to "it lies there": the gate, the request, what came of it.
import { useState } from "react";
import type { Publish } from "@/api/types";
import { asApiError } from "@/api/errors";
import { usePublish } from "@/features/publish/queries";

export function usePublishing(lora: string, tested: boolean) {
  const [gate, setGate] = useState<Publish | null>(null);
  const publish = usePublish(lora);
  const send = (request: Publish) =>
    publish.mutate(request, {
      // what this page took for tested may not be so any more: the same question then
      onError: (error) => asApiError(error).code === "lora_untested" && !request.untested && setGate(request),
    });
  const refused = publish.isError && asApiError(publish.error).code === "lora_untested" ? null : publish.error;
  return {
    begin: (request: Publish) => (tested ? send(request) : setGate(request)),
    gate: {
      opened: gate !== null,
      onClose: () => setGate(null),
      onPublish: () => {
        if (gate) send({ ...gate, untested: true });
        setGate(null);
      },
    },
    pending: publish.isPending,
    error: refused,
    made: publish.data ?? null,
    reset: publish.reset,
  };
}
