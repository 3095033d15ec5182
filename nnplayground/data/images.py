"""One image file → pixels: any format we allow, any mode, upright, on white, in the size asked for.

The only place that decodes. Everything that can be wrong with a file becomes an ImageError with one sentence.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

# Imported for what they register. Image.open would import every plugin it has (EPS, PSD, FITS, …) on meeting one of
# our names that is not registered yet.
from PIL import (
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    ExifTags,
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from nnplayground.data.errors import ImageError
from nnplayground.samples import Array

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "PPM")
"""Decided by content. Deliberately short: each decoder is attack surface, and EPS would start Ghostscript."""

ColorMode: TypeAlias = Literal["rgb", "grayscale"]
Resize: TypeAlias = Literal["stretch", "crop", "pad"]
Size: TypeAlias = tuple[int, int]
"""Width and height, as Pillow counts."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_DAMAGED = "It is damaged or cut off, so copy it again from where it came from."
_NO_IMAGE = "It is not an image; images can be JPEG, PNG, GIF, BMP, WebP, TIFF, AVIF or PPM."
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyphei", "a HEIC photo"),
    (4, b"ftyphev", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"%PDF", "a PDF document"),
    (0, b"<svg", "a vector drawing (SVG)"),
)
"""Offset, bytes there, and what such a file is: pictures to a person, but nothing we decode."""

_OURS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")
"""How files of our formats begin, even those whose header is broken."""

# Source pixels per target pixel that are kept on the way down: Pillow's own choice for thumbnails is 2, and from 3 on a
# two-step reduction cannot be told from a direct one.
_DRAFT_GAP = 2.0
_REDUCING_GAP = 3.0

# Decoding holds several copies of a picture. Larger ones than this (in pixels) take turns, so that memory does not
# grow with the number of processors.
_LARGE = 24_000_000
_large_turn = threading.Lock()

_TRANSPOSE: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation (EXIF 2.32, tag 0x0112)."""


@dataclass(frozen=True)
class _Geometry:
    """The size to resize to, and which part of the upright picture goes into it (both as width, height).

    part: width and height of the centred part as shares of the picture, 0 < share ≤ 1.
    """

    size: Size
    part: tuple[float, float] = (1.0, 1.0)

    def turned(self) -> _Geometry:
        return _Geometry((self.size[1], self.size[0]), (self.part[1], self.part[0]))


def fitted(path: str | Path, *, size: tuple[int, int], color_mode: ColorMode, resize: Resize) -> Array:
    """The image in exactly this size (height, width): (height, width, 3 or 1) uint8.

    stretch ignores the aspect ratio, crop cuts what is too long evenly from both ends, pad adds black borders.
    Transparent parts are white. Raises ImageError.
    """
    height, width = size

    def geometry(source: Size) -> _Geometry:
        if resize == "stretch":
            return _Geometry((width, height))
        across, down = width / source[0], height / source[1]
        if resize == "crop":
            scale = max(across, down)
            return _Geometry((width, height), (across / scale, down / scale))
        return _Geometry(_scaled(source, min(across, down)))

    image = _decoded(path, gray=color_mode == "grayscale", geometry=geometry, draft_gap=_DRAFT_GAP)
    if image.size != (width, height):
        canvas = Image.new(image.mode, (width, height))
        canvas.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
        image = canvas
    return np.asarray(image, np.uint8).reshape(height, width, -1)


def thumbnail(path: str | Path, side: int) -> Array:
    """A small picture that fits into a square of `side` pixels: (height, width, 3) uint8, never enlarged.

    Faster than `picture`, a little softer. Raises ImageError.
    """
    return np.asarray(_within(path, side, draft_gap=1.0), np.uint8)


def picture(path: str | Path, longest: int = 1024) -> Array:
    """The picture with its longest side at most `longest` pixels: (height, width, 3) uint8, never enlarged.

    Raises ImageError.
    """
    return np.asarray(_within(path, longest, draft_gap=_DRAFT_GAP), np.uint8)


def opening_error(path: str | Path) -> ImageError | None:
    """Why the file cannot even be opened, None where it can. Decodes nothing."""
    try:
        with open(path, "rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        return _image_error(error)
    return None


def _within(path: str | Path, longest: int, *, draft_gap: float) -> Image.Image:
    def geometry(source: Size) -> _Geometry:
        return _Geometry(_scaled(source, min(1.0, longest / max(source))))

    return _decoded(path, gray=False, geometry=geometry, draft_gap=draft_gap)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _decoded(path: str | Path, *, gray: bool, geometry: Callable[[Size], _Geometry], draft_gap: float) -> Image.Image:
    """The image, upright, mode RGB or L, resized as `geometry` says about its upright size. Raises ImageError."""
    try:
        with _opened(path) as image:
            return _upright(image, gray=gray, geometry=geometry, draft_gap=draft_gap)
    except ImageError:
        raise
    except Exception as error:
        # A broken header makes decoders raise nearly anything: OSError, SyntaxError, ValueError, struct.error,
        # EOFError, IndexError, zlib.error, … No file may end the loading of a folder.
        raise _image_error(error) from error


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise ImageError("The file is empty (0 bytes).")
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError as error:
            file.seek(0)
            raise _unidentified(file.read(512)) from error
        with image:
            yield image


def _upright(image: Image.Image, *, gray: bool, geometry: Callable[[Size], _Geometry], draft_gap: float) -> Image.Image:
    # Pillow itself only warns up to twice the limit, and silencing or raising warnings is not safe with threads.
    if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        raise _too_large(image.width, image.height)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        orientation = _orientation(image)
        wanted = _as_stored(geometry, image.size, orientation)
        needed = [math.ceil(draft_gap * pixels / share) for pixels, share in zip(wanted.size, wanted.part, strict=True)]
        whole = _whole(image)
        drafted = image.draft("L" if gray else None, (needed[0], needed[1]))
        with _turn(image):
            image.load()
            resized = _resized(_eight_bit(image), wanted, whole if drafted is None else drafted[1])
    else:
        with _turn(image):
            image.load()
            # Only now: a PNG may carry its orientation behind the pixels, and Pillow turns a TIFF on loading and then
            # forgets that it was turned.
            orientation = _orientation(image)
            wanted = _as_stored(geometry, image.size, orientation)
            resized = _resized(_eight_bit(image), wanted, _whole(image))
    plain = _flattened(resized, gray=gray)
    return plain.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else plain


def _whole(image: Image.Image) -> Box:
    return 0.0, 0.0, float(image.width), float(image.height)


def _turn(image: Image.Image) -> AbstractContextManager[object]:
    return _large_turn if image.width * image.height > _LARGE else nullcontext()


def _as_stored(geometry: Callable[[Size], _Geometry], size: Size, orientation: int) -> _Geometry:
    """The geometry of the upright picture, turned to how the file stores it."""
    return geometry((size[1], size[0])).turned() if orientation >= 5 else geometry(size)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Cameras and editors write broken EXIF blocks, which raise nearly anything. The pixels behind them are sound,
        # and without a readable orientation a picture is upright.
        return 1


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any mode → L, RGB or RGBA with 8 bits a channel, full size."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        # 0…65535 → 0…255. In an "I" image from a PNG or PPM 16 bits are used.
        deep = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)
        return Image.fromarray(((deep + 128) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ImageError("Its pixels have 32 bits and no defined range, so save it with 8 or 16 bits per channel.")
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB"):
        return image  # converting would copy it
    return image.convert("L" if image.mode == "1" else "RGB")


def _resized(image: Image.Image, wanted: _Geometry, box: Box) -> Image.Image:
    """Bilinear over all source pixels that fall into a target pixel (antialiased), without ringing when enlarged."""
    width, height = box[2] * wanted.part[0], box[3] * wanted.part[1]
    left, top = (box[2] - width) / 2, (box[3] - height) / 2
    # Sums of rounded numbers must not reach past the picture's edge.
    part = (left, top, min(left + width, image.width), min(top + height, image.height))
    return image.resize(wanted.size, Image.Resampling.BILINEAR, box=part, reducing_gap=_REDUCING_GAP)


def _flattened(image: Image.Image, *, gray: bool) -> Image.Image:
    """On white, as a page or a browser shows it; then RGB, or gray by ITU-R 601 luma."""
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    mode = "L" if gray else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _image_error(error: Exception) -> ImageError:
    match error:
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return _too_large()
        case PermissionError():
            return ImageError("Reading it is not permitted, so change its permissions.", lasting=False)
        case FileNotFoundError() | NotADirectoryError():
            return ImageError("It was moved or removed while the images were being read.", lasting=False)
        case MemoryError():
            return ImageError("There is not enough memory to decode it, so make it smaller.", lasting=False)
        case OSError(errno=int()):
            return ImageError(f"It could not be read: {error.strerror}.", lasting=False)
        case _:
            return ImageError(_DAMAGED)


def _too_large(width: int | None = None, height: int | None = None) -> ImageError:
    limit = f"{Image.MAX_IMAGE_PIXELS or 0:,}"
    claims = f"{width:,} × {height:,} pixels" if width and height else "far more pixels"
    return ImageError(f"It claims {claims}, which is past the limit of {limit}, so save it in a smaller size.")


def _unidentified(start: bytes) -> ImageError:
    if start.startswith(_OURS):
        return ImageError(_DAMAGED)
    for offset, mark, kind in _FOREIGN:
        if start.lstrip()[offset:].startswith(mark):
            return ImageError(f"It is {kind}, which is not read here, so save it as JPEG or PNG.")
    return ImageError(_NO_IMAGE)
