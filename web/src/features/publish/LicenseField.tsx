// What people may do with it: a licence by its usual name with a line that says what it allows, or one's own words.
import { Autocomplete } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "@/features/publish/Publish.module.css";

const LICENSES = [
  "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "Apache-2.0", "MIT", "creativeml-openrail-m",
] as const;
type License = (typeof LICENSES)[number];
/** Names with dots would be read as paths of texts. */
const keyOf = (license: License) => license.replaceAll(/[^A-Za-z0-9]/g, "_") as "MIT";

export function LicenseField({ value, onChange }: { value: string; onChange: (license: string) => void }) {
  const { t } = useTranslation("publish");
  return (
    <Autocomplete
      label={t("words.license")} description={t("words.licenseHelp")} placeholder={t("words.licenseHint")} maxLength={200} value={value} data={[...LICENSES]}
      // a name that was chosen is no search: all of them stay in sight
      filter={({ options, search }) => (LICENSES.some((one) => one === search) || search === "" ? options : options.filter((one) => "value" in one && one.value.toLowerCase().includes(search.toLowerCase())))}
      renderOption={({ option }) => (
        <span className={classes.option}>
          {option.value}
          <small>{t(`license.${keyOf(option.value as License)}`)}</small>
        </span>
      )}
      onChange={onChange}
    />
  );
}
