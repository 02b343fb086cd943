// Where a LoRA went, and the way to give it to people. `#publish` in the address opens the form.
import { Button, Skeleton } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import type { Lora } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Publications } from "@/features/publish/Publications";
import { PublishForm } from "@/features/publish/PublishForm";
import classes from "@/features/publish/Publish.module.css";
import { evidenceQuery, publicationsQuery, targetsQuery } from "@/features/publish/queries";

export const PUBLISH = "#publish";

export function PublishSection({ lora }: { lora: Lora }) {
  const { t } = useTranslation(["publish", "common"]);
  const { hash, key, search } = useLocation();
  const open = hash === PUBLISH;
  const title = useRef<HTMLHeadingElement>(null);
  const known = useQuery(evidenceQuery(lora.id)).isPending ? "asking" : "known";
  useEffect(() => {
    // once more when what stands above has found its height
    if (open) title.current?.scrollIntoView({ block: "start" });
  }, [open, key, known]);
  useEffect(() => {
    if (open) title.current?.focus({ preventScroll: true });
  }, [open, key]);
  const published = useQuery(publicationsQuery(lora.id));
  const targets = useQuery(targetsQuery);
  const items = published.data?.items ?? [];
  return (
    <section className={classes.section} aria-labelledby="publish-title">
      <div className={classes.bar}>
        <div>
          <h2 id="publish-title" ref={title} tabIndex={-1}>{t("title")}</h2>
          <p className={classes.soft}>{t(items.length > 0 || open ? "lead" : "none")}</p>
        </div>
        {open ? (
          <Button component={Link} to={{ search, hash: "" }} replace preventScrollReset variant="default">{t("common:action.close")}</Button>
        ) : (
          <Button component={Link} to={{ search, hash: PUBLISH }} replace variant={items.length > 0 ? "default" : "filled"} leftSection={<IconSend size={16} />}>
            {t(items.length > 0 ? "next" : "open")}
          </Button>
        )}
      </div>
      {open && <Form lora={lora} />}
      {published.isError && !open && <ErrorNote error={published.error} small onRetry={() => void published.refetch()} />}
      {items.length > 0 && <Publications items={items} targets={targets.data} />}
    </section>
  );
}

function Form({ lora }: { lora: Lora }) {
  const evidence = useQuery(evidenceQuery(lora.id));
  const targets = useQuery(targetsQuery);
  const published = useQuery(publicationsQuery()); // versions go by name, and another LoRA may have had it
  const all = [evidence, targets, published];
  const broken = all.find((one) => one.isError);
  if (broken) return <ErrorNote error={broken.error} onRetry={() => all.forEach((one) => one.isError && void one.refetch())} />;
  if (!evidence.data || !targets.data || !published.data) return <Skeleton height={480} />;
  return <PublishForm lora={lora} evidence={evidence.data} targets={targets.data} published={published.data.items} />;
}
