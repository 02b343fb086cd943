"""Data sets written for other programs: kohya's folders, imagefolder, lora-scripts' CSV, or a flat folder."""
