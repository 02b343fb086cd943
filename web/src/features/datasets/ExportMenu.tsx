// The set as a zip, in the manner of the tool it is for.
import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { exportAddress, FORMATS } from "./api";

export function ExportMenu({ dataset }: { dataset: string }) {
  const { t } = useTranslation("datasets");
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />}>
          {t("export.action")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item key={format} component="a" href={exportAddress(dataset, format)} download>
            <b>{t(`export.${format}.title`)}</b>
            <br />
            <small>{t(`export.${format}.text`)}</small>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
