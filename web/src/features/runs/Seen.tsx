// The pictures and captions this run trains on, as they were when it began.
import { Button, Loader } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { seenQuery } from "@/features/runs/queries";
import classes from "@/features/runs/Seen.module.css";

export function Seen({ id }: { id: string }) {
  const { t } = useTranslation("runs");
  const seen = useInfiniteQuery(seenQuery(id));
  if (seen.error) return <ErrorNote error={seen.error} onRetry={() => void seen.refetch()} />;
  if (seen.data === undefined) return <Loader size="sm" />;
  const pictures = seen.data.pages.flatMap((page) => page.items);
  if (pictures.length === 0) return <p>{t("seen.none")}</p>;
  return (
    <>
      <ul className={classes.pictures}>
        {pictures.map((one) => (
          <li key={one.file}>
            <img src={one.picture} alt={one.caption || one.name} loading="lazy" decoding="async" />
            <p title={one.name}>{one.caption || t("seen.noCaption")}</p>
            <p className={classes.facts}>
              {[one.repeats > 1 && t("seen.repeats", { count: one.repeats }), one.held_out && t("seen.heldOut"), one.masked && t("seen.masked")]
                .filter(Boolean)
                .join(" · ")}
            </p>
          </li>
        ))}
      </ul>
      {seen.hasNextPage && <Button variant="default" loading={seen.isFetchingNextPage} onClick={() => void seen.fetchNextPage()}>{t("seen.more")}</Button>}
    </>
  );
}
