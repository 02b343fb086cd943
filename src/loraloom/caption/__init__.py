"""Engines that propose captions, and the child that carries a captioning out."""
