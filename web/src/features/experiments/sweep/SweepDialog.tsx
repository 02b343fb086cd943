// A few values of up to three settings: every combination becomes a run, all of them one comparison.
import { ActionIcon, Button, Group, Modal, Select, Text, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/experiments/sweep/Sweep.module.css";
import { configFor, isWhole, type Key, KEYS, MOST_KEYS, MOST_RUNS, rivalOf, runsOf, valuesFrom } from "@/features/experiments/sweep/vary";
import { forgetKept } from "@/features/new-run/kept";
import type { Nested } from "@/features/new-run/form/nested";

interface Props {
  asked: { config: Nested; dataset: string | null };
  /** Only on machines with all of these. */
  labels: readonly string[];
  onClose: () => void;
}

interface Tried {
  key: Key;
  text: string;
}

export default function SweepDialog({ asked, labels, onClose }: Props) {
  const { t } = useTranslation(["experiments", "common"]);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [tried, setTried] = useState<Tried[]>([{ key: "lora.rank", text: "4, 8, 16" }]);
  const read = tried.map(({ key, text }) => valuesFrom(text, isWhole(key)));
  const vary = Object.fromEntries(tried.map(({ key }, n) => [key, read[n] ?? []]));
  const runs = runsOf(vary);
  const start = useMutation({
    mutationFn: () => {
      const name = typeof asked.config.name === "string" ? asked.config.name : "";
      return take(api.POST("/api/sweeps", { body: { name, dataset: asked.dataset, config: configFor(asked.config, tried.map((one) => one.key)), vary, labels: [...labels] } }));
    },
    onSuccess: ({ experiment }) => {
      forgetKept();
      for (const key of [keys.runs, keys.queue, ["experiments"]]) void client.invalidateQueries({ queryKey: key });
      void navigate(`/experiments/${experiment.id}`);
    },
  });
  const set = (n: number, part: Partial<Tried>) => setTried(tried.map((one, at) => (at === n ? { ...one, ...part } : one)));
  const taken = new Set(tried.flatMap(({ key }) => [key, rivalOf(key)]));
  const free = KEYS.find((key) => !taken.has(key));
  const nameOf = (key: Key) => t(`sweep.keys.${key.replace(".", "_") as "lora_rank"}`);
  return (
    <Modal opened onClose={onClose} title={t("sweep.title")} centered size="lg" closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <Text c="dimmed" mb="md">{t("sweep.lead")}</Text>
      <div className={classes.rows}>
        {tried.map(({ key, text }, n) => (
          <div key={key} className={classes.row}>
            <Select
              label={t("sweep.key")} allowDeselect={false} value={key}
              data={KEYS.filter((one) => one === key || !taken.has(one) || one === rivalOf(key)).map((value) => ({ value, label: nameOf(value) }))}
              onChange={(value) => set(n, { key: KEYS.find((one) => one === value) ?? key })}
            />
            <TextInput
              label={t("sweep.values")} placeholder={t("sweep.valuesHint")} value={text} data-autofocus={n === 0 || undefined}
              error={text.trim() !== "" && read[n] === null ? t(isWhole(key) ? "sweep.badWhole" : "sweep.bad") : undefined}
              onChange={(event) => set(n, { text: event.currentTarget.value })}
            />
            {tried.length > 1 && (
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("sweep.removeKey")} onClick={() => setTried(tried.filter((_, at) => at !== n))}><IconX size={16} /></ActionIcon>
            )}
          </div>
        ))}
      </div>
      {free && tried.length < MOST_KEYS && <Button variant="subtle" size="compact-sm" mt="sm" onClick={() => setTried([...tried, { key: free, text: "" }])}>{t("sweep.addKey")}</Button>}
      {start.error && <ErrorNote error={start.error} small />}
      <Group justify="space-between" mt="lg">
        <Text role="status" fw={600} c={runs > MOST_RUNS ? "var(--loom-bad)" : undefined}>{runs > MOST_RUNS ? t("sweep.most", { count: runs, most: MOST_RUNS }) : t("sweep.count", { count: runs })}</Text>
        <Button disabled={runs < 2 || runs > MOST_RUNS} loading={start.isPending} onClick={() => start.mutate()}>{t("sweep.start")}</Button>
      </Group>
    </Modal>
  );
}
