"""One file → pixels: every kind of image that real folders hold, and every kind of file that is none."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from nnplayground.data import ImageError, picture, thumbnail
from nnplayground.data.images import fitted


def plain(color: object, size: tuple[int, int] = (16, 12), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, color)  # type: ignore[arg-type]


def quarters(width: int = 40, height: int = 20) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    return Image.fromarray(pixels)


def decode(
    path: Path, *, size: tuple[int, int] = (4, 4), color_mode: str = "rgb", resize: str = "stretch"
) -> np.ndarray:
    return fitted(path, size=size, color_mode=color_mode, resize=resize)  # type: ignore[arg-type]


def corners(pixels: np.ndarray) -> list[list[int]]:
    """Top left, top right, bottom left, bottom right."""
    return [pixels[y, x].tolist() for y in (0, -1) for x in (0, -1)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF"])
def test_format_is_decided_by_content_whatever_the_name(tmp_path: Path, kind: str) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("Pillow was built without AVIF")
    path = tmp_path / "photo.jpg"
    plain((200, 40, 90)).save(path, kind)
    assert np.abs(decode(path).astype(int) - (200, 40, 90)).max() <= 6


def test_result_is_upright_by_exif_orientation(tmp_path: Path) -> None:
    upright = np.asarray(quarters())
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.transpose(1, 0, 2),
        6: np.rot90(upright), 7: upright[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(upright, -1),
    }  # fmt: skip
    for orientation, pixels in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        for name in ("turned.jpg", "turned.png", "turned.tiff", "turned.webp"):
            path = tmp_path / name
            Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=exif, quality=95, lossless=True)
            for resize in ("stretch", "crop", "pad"):
                got = corners(decode(path, size=(10, 20), resize=resize))
                expected = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
                assert np.abs(np.array(got) - expected).max() <= 20, (name, orientation, resize)
            assert picture(path).shape == (20, 40, 3), (name, orientation)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_leaves_the_picture_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    quarters().save(path, exif=b"Exif\0\0" + b"II*\0" + b"\xff" * 30)
    assert picture(path).shape == (20, 40, 3)


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    half = plain((255, 0, 0, 255), mode="RGBA")
    half.paste((0, 0, 0, 0), (8, 0, 16, 12))
    half.save(tmp_path / "rgba.png")
    palette = half.quantize(4)
    palette.save(tmp_path / "palette.png")
    plain((0, 0), mode="LA").save(tmp_path / "la.png")
    for name in ("rgba.png", "palette.png"):
        pixels = decode(tmp_path / name)
        assert pixels[0, 0].tolist() == [255, 0, 0], name
        assert pixels[0, -1].tolist() == [255, 255, 255], name
    assert (decode(tmp_path / "la.png") == 255).all()


def test_half_transparent_colour_mixes_with_white(tmp_path: Path) -> None:
    plain((200, 0, 0, 128), mode="RGBA").save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png")[0, 0].tolist() == pytest.approx([227, 127, 127], abs=1)


def test_colour_key_and_palette_transparency(tmp_path: Path) -> None:
    image = plain((10, 20, 30))
    image.save(tmp_path / "key.png", transparency=(10, 20, 30))
    indexed = plain(3, mode="P")
    indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    indexed.save(tmp_path / "index.gif", transparency=3)
    indexed.save(tmp_path / "bytes.png", transparency=bytes([255, 255, 255, 0]))
    for name in ("key.png", "index.gif", "bytes.png"):
        assert (decode(tmp_path / name) == 255).all(), name


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (65535, 255), (32768, 128), (257 * 77, 77)])
def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path, value: int, expected: int) -> None:
    deep = Image.fromarray(np.full((6, 6), value, np.uint16))
    for name in ("deep.png", "deep.tiff", "deep.pgm"):
        deep.save(tmp_path / name)
        assert (decode(tmp_path / name) == expected).all(), name
        assert (decode(tmp_path / name, color_mode="grayscale") == expected).all(), name


def test_other_modes(tmp_path: Path) -> None:
    plain((0, 255, 255, 0), mode="CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    assert np.abs(decode(tmp_path / "cmyk.jpg").astype(int) - (255, 0, 0)).max() <= 3
    plain(1, mode="1").save(tmp_path / "bits.png")
    assert (decode(tmp_path / "bits.png") == 255).all()
    plain(90, mode="L").save(tmp_path / "gray.jpg")
    assert np.abs(decode(tmp_path / "gray.jpg").astype(int) - 90).max() <= 1


def test_pictures_with_a_second_one_inside(tmp_path: Path) -> None:
    """What phones write: the photo, and a depth map or a preview behind it."""
    quarters(400, 200).save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[plain((1, 2, 3))])
    assert picture(tmp_path / "phone.jpg").shape == (200, 400, 3)
    assert np.abs(decode(tmp_path / "phone.jpg", size=(8, 8))[0, 0].astype(int) - (255, 0, 0)).max() <= 12


def test_lab_colours(tmp_path: Path) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(plain((255, 0, 0)), srgb, lab, outputMode="LAB")
    assert converted is not None
    converted.save(tmp_path / "lab.tiff")
    assert np.abs(decode(tmp_path / "lab.tiff").astype(int) - (255, 0, 0)).max() <= 6


def test_floating_point_pixels_are_refused_with_the_way_out(tmp_path: Path) -> None:
    plain(0.5, mode="F").save(tmp_path / "float.tiff")
    with pytest.raises(ImageError, match="save it with 8 or 16 bits"):
        decode(tmp_path / "float.tiff")


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    for name in ("moving.gif", "moving.webp", "moving.png"):
        plain((0, 0, 255)).save(tmp_path / name, save_all=True, append_images=[plain((255, 0, 0))], lossless=True)
        assert decode(tmp_path / name)[0, 0].tolist() == [0, 0, 255], name


def test_one_pixel_fills_the_whole_image(tmp_path: Path) -> None:
    plain((9, 8, 7), (1, 1)).save(tmp_path / "dot.png")
    for resize in ("stretch", "crop", "pad"):
        assert (decode(tmp_path / "dot.png", size=(8, 8), resize=resize) == (9, 8, 7)).all()


def test_stretch_crop_and_pad(tmp_path: Path) -> None:
    quarters(80, 20).save(tmp_path / "wide.png")
    stretched = decode(tmp_path / "wide.png", size=(8, 8))
    assert corners(stretched) == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
    padded = decode(tmp_path / "wide.png", size=(16, 16), resize="pad")
    assert (padded[:6] == 0).all()
    assert (padded[10:] == 0).all()
    assert corners(padded[6:10]) == corners(stretched)
    stripes = np.zeros((10, 30, 3), np.uint8)
    stripes[:, 10:20] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    assert (decode(tmp_path / "stripes.png", size=(10, 10), resize="crop") == 255).all()
    assert (decode(tmp_path / "stripes.png", size=(10, 10), resize="pad")[5, 0] == 0).all()


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1)])
def test_extreme_aspect_ratios(tmp_path: Path, size: tuple[int, int]) -> None:
    plain((50, 60, 70), size).save(tmp_path / "line.png")
    for resize in ("stretch", "crop", "pad"):
        assert decode(tmp_path / "line.png", resize=resize).shape == (4, 4, 3)
    assert max(thumbnail(tmp_path / "line.png", 32).shape) == 32


def test_grayscale_has_one_channel_of_luma(tmp_path: Path) -> None:
    for name, tolerance in (("a.png", 0), ("a.jpg", 3)):
        plain((255, 0, 0)).save(tmp_path / name)
        gray = decode(tmp_path / name, color_mode="grayscale")
        assert gray.shape == (4, 4, 1)
        assert np.abs(gray.astype(int) - 76).max() <= tolerance


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_quick_decoding_of_large_jpegs_looks_like_the_slow_one(tmp_path: Path, resize: str) -> None:
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (30, 40, 3), np.uint8))
    coarse.resize((1600, 1200), Image.Resampling.BICUBIC).save(tmp_path / "large.jpg", quality=95)
    with Image.open(tmp_path / "large.jpg") as image:
        image.save(tmp_path / "large.png")
    quick = decode(tmp_path / "large.jpg", size=(32, 48), resize=resize).astype(float)
    slow = decode(tmp_path / "large.png", size=(32, 48), resize=resize).astype(float)
    assert np.sqrt(((quick - slow) ** 2).mean()) < 3


def test_thumbnail_and_picture_keep_the_aspect_ratio_and_never_enlarge(tmp_path: Path) -> None:
    quarters(400, 200).save(tmp_path / "a.jpg", quality=95)
    assert thumbnail(tmp_path / "a.jpg", 96).shape == (48, 96, 3)
    assert picture(tmp_path / "a.jpg", longest=200).shape == (100, 200, 3)
    assert picture(str(tmp_path / "a.jpg")).shape == (200, 400, 3)
    assert thumbnail(tmp_path / "a.jpg", 96).dtype == np.uint8


def bomb(width: int, height: int) -> bytes:
    """A few bytes that claim to be a huge PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_decompression_bomb(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(bomb(side, side))
    for read in (decode, picture):
        with pytest.raises(ImageError, match="past the limit of 89,478,485"):
            read(tmp_path / "bomb.png")


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_decompression_bomb_where_warnings_are_errors(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(bomb(10_000, 10_000))
    with pytest.raises(ImageError, match="past the limit"):
        decode(tmp_path / "bomb.png")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ImageError, match="empty"):
        decode(tmp_path / "a.jpg")


def test_text_named_as_an_image(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a picture, whatever its name says")
    with pytest.raises(ImageError, match="not an image"):
        decode(tmp_path / "a.jpg")


def test_other_pictures_are_named(tmp_path: Path) -> None:
    for start, name in ((b"\0\0\0\x18ftypheic", "HEIC"), (b"8BPS\0\1", "Photoshop"), (b"%!PS-Adobe-3.0", "PostScript")):
        (tmp_path / "a.jpg").write_bytes(start + b"\0" * 100)
        with pytest.raises(ImageError, match=name):
            decode(tmp_path / "a.jpg")


def decoded_or_refused(path: Path) -> ImageError | None:
    """Anything else than pixels or an ImageError ends the test."""
    try:
        assert decode(path).shape == (4, 4, 3)
    except ImageError as error:
        return error
    return None


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns about some of the damage before it gives up
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_cut_is_one_sentence(tmp_path: Path, kind: str) -> None:
    stream = io.BytesIO()
    random = np.random.default_rng(1)
    Image.fromarray(random.integers(0, 256, (24, 24, 3), np.uint8)).save(stream, kind)
    whole = stream.getvalue()
    path = tmp_path / "cut.jpg"
    for length in (1, 4, 12, 30, 60, len(whole) // 3, len(whole) // 2, len(whole) * 3 // 4):
        path.write_bytes(whole[:length])
        error = decoded_or_refused(path)
        assert error is None or (error.lasting and str(error).endswith("."))
        assert error is not None or length > 60, length


def test_truncated_jpeg_is_damaged(tmp_path: Path) -> None:
    quarters(400, 300).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match="damaged or cut off"):
        decode(tmp_path / "a.jpg")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
def test_random_damage_never_gives_anything_else(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    path = tmp_path / "a.png"
    for kind in ("PNG", "JPEG", "TIFF", "GIF"):
        stream = io.BytesIO()
        quarters().save(stream, kind)
        for _ in range(60):
            content = bytearray(stream.getvalue())
            for place in random.integers(0, len(content), 4):
                content[place] = random.integers(0, 256)
            path.write_bytes(content)
            error = decoded_or_refused(path)
            assert error is None or str(error).endswith(".")


def test_missing_file_and_folder_are_not_lasting(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="moved or removed") as gone:
        decode(tmp_path / "gone.jpg")
    assert not gone.value.lasting
    with pytest.raises(ImageError, match=r"could not be read|not permitted") as folder:
        picture(tmp_path)
    assert not folder.value.lasting


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    plain((1, 2, 3)).save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(ImageError, match="not permitted") as error:
        decode(tmp_path / "a.png")
    assert not error.value.lasting
