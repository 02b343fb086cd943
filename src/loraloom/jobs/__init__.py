"""From a config to a run that goes: prepare the folder, start the child, follow its events. No torch here."""
