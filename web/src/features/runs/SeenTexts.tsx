// The texts this run trains on, as they were when it began.
import { Button, Loader } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { seenTextsQuery } from "@/features/runs/queries";
import classes from "@/features/runs/SeenTexts.module.css";

export function SeenTexts({ id }: { id: string }) {
  const { t } = useTranslation("runs");
  const seen = useInfiniteQuery(seenTextsQuery(id));
  if (seen.error) return <ErrorNote error={seen.error} onRetry={() => void seen.refetch()} />;
  if (seen.data === undefined) return <Loader size="sm" />;
  const texts = seen.data.pages.flatMap((page) => page.items);
  if (texts.length === 0) return <p>{t("seen.none")}</p>;
  return (
    <>
      <ol className={classes.texts}>
        {texts.map((one, at) => (
          <li key={at}>
            {one.held_out ? <small>{t("seen.heldOut")}</small> : null}
            {one.text ? <p>{one.text}</p> : null}
            {(one.messages ?? []).map((message, turn) => <p key={turn} data-role={message.role}>{message.content}</p>)}
            {one.chosen != null ? <p data-role="assistant">{one.chosen}</p> : null}
            {one.rejected != null ? <p data-rejected>{one.rejected}</p> : null}
          </li>
        ))}
      </ol>
      {seen.hasNextPage && <Button variant="default" loading={seen.isFetchingNextPage} onClick={() => void seen.fetchNextPage()}>{t("seen.more")}</Button>}
    </>
  );
}
