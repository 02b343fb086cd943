// Pictures from where they lie on the server; offered where it was started with folders that it may read.
import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/errors";
import { machineQuery } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { importFolder } from "../api";
import type { UploadQueue } from "./queue";
import { resultOf } from "./send";

interface FolderImportProps {
  dataset: string;
  queue: UploadQueue;
}

export function FolderImport({ dataset, queue }: FolderImportProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const { data: roots } = useQuery({ ...machineQuery, select: (machine) => machine.import_roots, staleTime: Infinity, refetchInterval: false });
  const [opened, dialog] = useDisclosure(false);
  if (!roots?.length) return null;
  return (
    <>
      <Button variant="default" size="sm" onClick={dialog.open}>
        {t("import.action")}
      </Button>
      <Modal opened={opened} onClose={dialog.close} title={t("import.title")} size="lg" closeButtonProps={{ "aria-label": t("common:action.close") }}>
        <FolderForm dataset={dataset} queue={queue} roots={roots} onClose={dialog.close} />
      </Modal>
    </>
  );
}

/** What is wrong with the path itself is said beside it. */
const WRONG = { not_allowed: "import.outside", file_not_found: "import.missing" } as const;

function FolderForm({ dataset, queue, roots, onClose }: FolderImportProps & { roots: readonly string[]; onClose: () => void }) {
  const { t, i18n } = useTranslation(["datasets", "common"]);
  const [path, setPath] = useState(roots.length === 1 ? (roots[0] ?? "") : "");
  const start = useMutation({
    mutationFn: (wanted: string) => importFolder(dataset, wanted),
    onSuccess: ({ id }, wanted) => {
      queue.follow(wanted, (hooks) => resultOf(id, hooks));
      onClose();
    },
  });
  const code = start.isError ? asApiError(start.error).code : "";
  const wrong = code in WRONG ? t(WRONG[code as keyof typeof WRONG]) : null;
  const named = new Intl.ListFormat(i18n.language, { type: "disjunction" }).format(roots);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate(path.trim());
      }}
    >
      <TextInput
        label={t("import.path")} description={t("import.roots", { roots: named })} error={wrong} value={path} maxLength={2000} spellCheck={false} data-autofocus
        onChange={(event) => {
          setPath(event.currentTarget.value);
          start.reset();
        }}
      />
      {start.isError && !wrong ? <ErrorNote error={start.error} small /> : null}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {t("common:action.cancel")}
        </Button>
        <Button type="submit" loading={start.isPending} disabled={!path.trim()}>
          {t("import.start")}
        </Button>
      </Group>
    </form>
  );
}
