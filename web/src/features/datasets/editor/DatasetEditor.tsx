// The pictures of a data set as a place to work: what narrows them, the grid, the panel beside it, one of them large.
import { Drawer } from "@mantine/core";
import "@mantine/core/styles/Drawer.layer.css";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dataset } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { ALL, type Selection } from "../api";
import { CaptionStrip } from "../captioning/CaptionStrip";
import { isNarrow } from "../filter";
import { ImageGrid } from "../grid/ImageGrid";
import { useImages } from "../imagesQuery";
import { Panel } from "../panel/Panel";
import { tagsQuery } from "../queries";
import { useEdits } from "../useEdit";
import classes from "./DatasetEditor.module.css";
import { KeysDialog } from "./KeysDialog";
import { type Dialog, Toolbar } from "./Toolbar";
import { useCommands } from "./useCommands";
import { type Editor, EditorContext, type Mode, type Wish } from "./useEditor";
import { useFilter } from "./useFilter";
import { useSelection } from "./useSelection";
import { useThumbnailSize } from "./useThumbnailSize";

const Viewer = lazy(() => import("../viewer/Viewer").then((file) => ({ default: file.Viewer })));
const CaptionDialog = lazy(() => import("../captioning/CaptionDialog").then((file) => ({ default: file.CaptionDialog })));
const TeachDialog = lazy(() => import("../teach/TeachDialog").then((file) => ({ default: file.TeachDialog })));

const QUICK = 9;

export function DatasetEditor({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation(["datasets", "common"]);
  const [filter, narrow] = useFilter();
  const { images, isError, error, refetch, hasNextPage, isFetched } = useImages(dataset.id, filter);
  const { selected, select, toggle, clear } = useSelection(images);
  const [active, setActive] = useState<string | null>(null);
  const [wish, setWish] = useState<Wish | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const [mode, setMode] = useState<Mode>("look");
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [size, resize] = useThumbnailSize();
  const [drawn, drawer] = useDisclosure(false);
  const beside = useMediaQuery("(min-width: 62.5rem)", true, { getInitialValueInEffect: false });
  const search = useRef<HTMLInputElement>(null);
  const columns = useRef(1);
  const edits = useEdits(dataset.id);
  const tags = useQuery(tagsQuery(dataset.id));
  const narrowed = isNarrow(filter);
  const total = narrowed || !hasNextPage ? images.length : Math.max(images.length, dataset.images);

  const activate = useCallback((image: string, part: Wish["part"] = "card") => {
    setActive(image);
    setWish({ image, part });
  }, []);
  const open = useCallback((image: string | null) => {
    setOpened(image);
    setMode("look");
  }, []);
  const meant = useCallback((): Selection => {
    if (selected.size) return { ...ALL, images: [...selected] };
    if (filter.finding) return { ...ALL, images: images.map((image) => image.id) };
    return { images: null, search: filter.search || null, tag: [...filter.tags], only: filter.only };
  }, [selected, filter, images]);
  const quick = useMemo(() => tags.data?.items.slice(0, QUICK) ?? [], [tags.data]);

  const editor: Editor = {
    ...edits, dataset, readOnly: !dataset.mine, filter, narrow, images, total, selected, select, toggle, active, activate, wish, opened, open, mode, setMode, quick, meant,
  };
  useCommands(editor, {
    columns: () => columns.current,
    search: () => search.current?.focus(),
    help: () => setDialog("keys"),
  });

  const setColumns = useCallback((count: number) => {
    columns.current = count;
  }, []);

  const close = () => {
    open(null);
    if (active !== null) activate(active);
  };
  const panel = <Panel />;
  return (
    <EditorContext value={editor}>
      <CaptionStrip dataset={dataset.id} />
      <Toolbar search={search} size={size} onSize={resize} onDialog={setDialog} onPanel={beside ? undefined : drawer.open} onClear={clear} />
      <div className={classes.sides}>
        <section aria-label={t("grid.label")} className={classes.pictures}>
          {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
          {edits.apply.isError ? <ErrorNote error={edits.apply.error} small /> : null}
          {narrowed && isFetched && !images.length ? <p className={classes.none}>{t("grid.empty")}</p> : null}
          <ImageGrid size={size} onColumns={setColumns} />
        </section>
        {beside ? (
          <aside className={classes.panel} aria-label={t("panel.label")}>
            {panel}
          </aside>
        ) : (
          <Drawer opened={drawn} onClose={drawer.close} position="right" title={t("panel.label")} size="min(26rem, 100vw)" closeButtonProps={{ "aria-label": t("common:action.close") }}>
            {panel}
          </Drawer>
        )}
      </div>
      <Suspense>
        {opened !== null ? <Viewer onClose={close} /> : null}
        {dialog === "caption" ? <CaptionDialog onClose={() => setDialog(null)} /> : null}
        {dialog === "teach" ? <TeachDialog onClose={() => setDialog(null)} /> : null}
      </Suspense>
      <KeysDialog opened={dialog === "keys"} onClose={() => setDialog(null)} />
    </EditorContext>
  );
}
