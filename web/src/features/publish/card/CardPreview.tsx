// The card as it would be published, written anew a moment after the last word.
import { useDebouncedValue } from "@mantine/hooks";
import { Loader, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Publish } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import { cardQuery } from "@/features/publish/queries";
import classes from "./Card.module.css";
import { partsOf } from "./frontMatter";

const Markdown = lazy(() => import("./Markdown").then(({ Markdown }) => ({ default: Markdown })));
const REST = 500;
/** The server's name for it; it is drawn when the LoRA goes out. */
const GRID = "sample-grid.png";
const isBeside = (href: string) => !/^[a-z]+:|^\/\//i.test(href);

export function CardPreview({ lora, picture, request }: { lora: string; picture: string | null; request: Publish }) {
  const { t } = useTranslation("publish");
  const words = JSON.stringify(request);
  const [rested] = useDebouncedValue(words, REST);
  const card = useQuery(cardQuery(lora, JSON.parse(rested) as Publish));
  const old = rested !== words || card.isFetching;
  const parts = card.data && partsOf(card.data.text);
  return (
    <aside className={classes.preview} aria-labelledby="card">
      <div className={classes.head}>
        <h3 id="card">{t("card.title")}</h3>
        <span role="status">{old && !card.isError ? <><Loader size={12} aria-hidden="true" /> {t("card.writing")}</> : null}</span>
        {card.data && <CopyButton value={card.data.text} label={t("card.copy")} />}
      </div>
      {card.isError && <ErrorNote error={card.error} small onRetry={() => void card.refetch()} />}
      {!parts && !card.isError && <Skeleton height={320} />}
      {parts && (
        // the card is long and scrolls by itself: a keyboard has to reach it
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={classes.sheet} data-old={old || undefined} tabIndex={0} role="region" aria-labelledby="card">
          <Suspense fallback={<Skeleton height={320} />}>
            <Markdown
              text={parts.body}
              look={(href, alt) =>
                picture && isBeside(href) && !href.endsWith(GRID) ? <img src={picture} alt={alt} /> : <span className={classes.missing}>{href.endsWith(GRID) ? t("card.grid") : alt || href}</span>
              }
            />
          </Suspense>
          {parts.data && <Fold title={t("card.data")}>{() => <pre className={classes.data}><code>{parts.data}</code></pre>}</Fold>}
        </div>
      )}
    </aside>
  );
}
