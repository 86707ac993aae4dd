"""Make the PNG files of folders small: at most 256 colors, which is enough for pictures of pages.

    python scripts/compress_pictures.py FOLDER ...

Needs Pillow, which is in build/wheel-env (`make screenshots`).
"""

import sys
from pathlib import Path

from PIL import Image

COLORS = 256


def compress(path: Path) -> tuple[int, int]:
    """Compress a file in place; return its size before and after."""
    before = path.stat().st_size
    with Image.open(path) as picture:
        picture.load()
    if picture.mode != "P":
        # Without dithering areas stay even, and text stays sharp.
        small = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
    return before, path.stat().st_size


def main() -> None:
    paths = sorted(path for folder in sys.argv[1:] for path in Path(folder).glob("*.png"))
    sizes = [compress(path) for path in paths]
    before, after = (sum(each) / 2**20 for each in zip(*sizes, strict=True))
    print(f"    {len(sizes)} pictures: {before:.1f} MiB before, {after:.1f} MiB after")


if __name__ == "__main__":
    main()
