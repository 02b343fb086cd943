// What stands beside the pictures: tags, edits of many, quality, history.
import { Tabs } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEditor } from "../editor/useEditor";
import { EditTab } from "./EditTab";
import { HistoryTab } from "./HistoryTab";
import { QualityTab } from "./QualityTab";
import { TagsTab } from "./TagsTab";

const TABS = { tags: TagsTab, edit: EditTab, quality: QualityTab, history: HistoryTab } as const;
type TabName = keyof typeof TABS;
const NAMES = Object.keys(TABS) as TabName[];

export function Panel() {
  const { t } = useTranslation("datasets");
  const { readOnly } = useEditor();
  const [tab, setTab] = useState<TabName>("tags");
  const shown = readOnly ? NAMES.filter((name) => name !== "edit") : NAMES;
  return (
    <Tabs value={tab} onChange={(name) => setTab((name as TabName | null) ?? "tags")} keepMounted={false}>
      <Tabs.List grow mb="sm">
        {shown.map((name) => (
          <Tabs.Tab key={name} value={name} px={6}>
            {t(`panel.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {shown.map((name) => {
        const Content = TABS[name];
        return (
          <Tabs.Panel key={name} value={name}>
            <Content />
          </Tabs.Panel>
        );
      })}
    </Tabs>
  );
}
