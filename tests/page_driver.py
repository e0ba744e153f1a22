"""What the tests of the page share: a headless Chromium, screenshots, and a check of contrast."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ARTEFACTS = Path(os.environ.get("CHUCHU_SCREENSHOTS", ""))
"""Where screenshots are kept for people to look at; unset: nowhere."""


def keep(page: Any, name: str) -> None:
    """Keep a screenshot where someone wants to look at it."""
    if str(ARTEFACTS) != ".":
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}.png")


CONTRAST = """() => {
  const parts = (colour) => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = colour;
    c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => { for (; one; one = one.parentElement) {
    const p = parts(getComputedStyle(one).backgroundColor);
    if (p[3] === 255) return p; } return [255, 255, 255, 255]; };
  const weak = [];
  for (const one of document.querySelectorAll('#chuchu *')) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.matches('.sr, .skip')) continue;
    const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const name = `${one.className || one.tagName} ${one.textContent.trim().slice(0, 20)}`;
    if (ratio < 4.5) weak.push(`${name} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""
"""Lists the visible texts whose contrast is below 4.5 : 1 (WCAG 2.2, 1.4.3)."""
