#!/usr/bin/env python3
"""Makes Tests/FormatsTests/Fixtures/Images: small PNG and JPEG files, and what Pillow reads in them.

    python3 -m pip install pillow==13.0.0
    python3 Tools/make_image_fixtures.py

JPEG files come from Pillow. PNG files come from the encoder below, which is a page long, because Pillow writes
neither interlaced files nor most bit depths. Either way the expected pixels in `expected.json` are Pillow's:
`ImageOps.exif_transpose(Image.open(file)).convert("RGB")`, but for 16-bit grey, which Pillow clips at 255
instead of keeping the high byte; there the script computes them. A JPEG file that lacks its end marker only is read
as Pillow does with `ImageFile.LOAD_TRUNCATED_IMAGES`, which it does not do by default.
"""
import io
import json
import pathlib
import struct
import zlib

from PIL import Image, ImageFile, ImageOps

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/FormatsTests/Fixtures/Images"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows, depth, channels):
    """Rows of samples as unfiltered PNG scan lines."""
    lines = b""
    for row in rows:
        samples = [sample for pixel in row for sample in pixel[:channels]]
        if depth == 16:
            lines += b"\0" + struct.pack(f">{len(samples)}H", *samples)
        else:
            bits = "".join(f"{sample:0{depth}b}" for sample in samples)
            bits += "0" * (-len(bits) % 8)
            lines += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return lines


def png(width, height, depth, colour, sample, interlaced=False, before=b"", idat_size=200, more=b""):
    """A PNG file; sample(x, y) gives a pixel's samples, `before` is put before the pixel data and `more` behind it."""
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    data = b""
    for x0, y0, dx, dy in passes:
        rows = [[sample(x, y) for x in range(x0, width, dx)] for y in range(y0, height, dy)]
        data += packed([row for row in rows if row], depth, CHANNELS[colour])
    data = zlib.compress(data, 9) + more
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    pieces = [data[i:i + idat_size] for i in range(0, len(data), idat_size)]
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
            + b"".join(chunk(b"IDAT", piece) for piece in pieces) + chunk(b"IEND", b""))


def exif(orientation, order, kind="H"):
    """A TIFF block with two tags: the orientation, and before it the picture's width."""
    value = struct.pack(order + kind, orientation).ljust(4, b"\0")
    entries = struct.pack(order + "HHII", 0x0100, 4, 1, 21)
    entries += struct.pack(order + "HHI", 0x0112, {"H": 3, "I": 4}[kind], 1) + value
    return ({"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8)
            + struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0))


def pictures():
    """Name and bytes of each sound file."""
    def ramp(depth):
        top = (1 << depth) - 1
        return lambda x, y: [(37 * x + 91 * y) * top // 255 & top, (x * x + 5 * y) * top // 97 & top,
                             (11 * x * y + 3) * top // 61 & top, (x + 8 * y) * top // 80 & top]

    for depth in (1, 2, 4, 8, 16):
        yield f"grey-{depth}.png", png(13, 9, depth, GREY, ramp(depth))
    yield "grey-4-interlaced.png", png(13, 9, 4, GREY, ramp(4), interlaced=True)
    yield "grey-8-transparent.png", png(7, 5, 8, GREY, ramp(8), before=chunk(b"tRNS", struct.pack(">H", 37)))
    for depth in (8, 16):
        yield f"grey-alpha-{depth}.png", png(7, 5, depth, GREY_ALPHA, ramp(depth))
        yield f"rgb-{depth}.png", png(7, 5, depth, RGB, ramp(depth))
        yield f"rgba-{depth}.png", png(7, 5, depth, RGBA, ramp(depth))
    yield "rgb-8-interlaced.png", png(11, 10, 8, RGB, ramp(8), interlaced=True)
    yield "rgba-16-interlaced.png", png(5, 3, 16, RGBA, ramp(16), interlaced=True)
    yield "rgb-8-1x1-interlaced.png", png(1, 1, 8, RGB, ramp(8), interlaced=True)
    gamma = chunk(b"gAMA", struct.pack(">I", 100000))
    yield "rgb-8-linear.png", png(7, 5, 8, RGB, ramp(8), before=gamma)
    yield "rgb-16-linear.png", png(7, 5, 16, RGB, ramp(16), before=gamma)
    for depth in (1, 2, 4, 8):
        size = 1 << min(depth, 5)
        colours = chunk(b"PLTE", bytes(value for i in range(size)
                                       for value in (i * 83 & 255, 255 - i * 7, i * i & 255)))
        sample = lambda x, y: [(x + 3 * y) % size]
        yield f"palette-{depth}.png", png(13, 9, depth, PALETTE, sample, before=colours)
        clear = chunk(b"tRNS", bytes(i * 101 & 255 for i in range(size)))
        yield f"palette-{depth}-transparent.png", png(13, 9, depth, PALETTE, sample, before=colours + clear)
    yield "rgb-8-exif.png", png(7, 5, 8, RGB, ramp(8), before=chunk(b"eXIf", exif(6, ">")))

    still = io.BytesIO()
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("#c81e28", "#1428c8")]
    frames[0].save(still, "PNG", save_all=True, append_images=frames[1:])
    yield "animated.png", still.getvalue()

    picture = Image.new("RGB", (21, 13))
    picture.putdata([(12 * x, 19 * y, (x * x + 7 * y) % 256) for y in range(13) for x in range(21)])

    def jpeg(image, **options):
        file = io.BytesIO()
        image.save(file, "JPEG", **{"quality": 88, **options})
        return file.getvalue()

    for name in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        yield f"jpeg-{name.replace(':', '')}.jpg", jpeg(picture, subsampling=name)
    yield "jpeg-grey.jpg", jpeg(picture.convert("L"))
    yield "jpeg-rgb.jpg", jpeg(picture, keep_rgb=True)
    yield "jpeg-progressive.jpg", jpeg(picture, progressive=True)
    yield "jpeg-restarts.jpg", jpeg(picture, restart_marker_blocks=1)
    for orientation in range(1, 9):
        block = exif(orientation, "<>"[orientation % 2], "HI"[orientation > 6])
        yield f"orientation-{orientation}.jpg", jpeg(picture, subsampling="4:4:4", exif=b"Exif\0\0" + block)
    yield "orientation-broken.jpg", jpeg(picture, exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff\0\1")
    yield "orientation-9.jpg", jpeg(picture, exif=b"Exif\0\0" + exif(9, "<"))
    # 0xFF bytes may stand before any marker; Pillow skips them too.
    grey = jpeg(picture.convert("L"))
    yield "jpeg-filled.jpg", grey[:2] + b"\xff\xff\xff" + grey[2:]

    # Inks: as Pillow and Adobe's programs write them, without the segment that says so, and as YCCK, which differs in
    # the last byte of that segment.
    inks = jpeg(picture.convert("CMYK"))
    adobe = inks.index(b"\xff\xee")
    yield "jpeg-cmyk.jpg", inks
    yield "jpeg-cmyk-bare.jpg", inks[:adobe] + inks[adobe + 16:]
    yield "jpeg-ycck.jpg", inks[:adobe + 15] + b"\2" + inks[adobe + 16:]

    # What libjpeg reads with a warning, and Pillow without a word.
    sound = jpeg(picture, subsampling="4:2:0")
    scan = sound.index(b"\xff\xda")
    yield "odd-extra-at-end.jpg", sound[:-2] + b"\x12\x34" + sound[-2:]
    yield "odd-no-end.jpg", sound[:-2]
    yield "odd-extra-between-segments.jpg", sound[:scan] + b"\0\x55" + sound[scan:]
    yield "odd-extra-zero-between-segments.jpg", sound[:20] + b"\xff\0" + sound[20:]
    yield "odd-bad-data.jpg", sound[:scan + 40] + b"\xff\0" * 4 + sound[scan + 48:]
    yield "odd-cut-short.jpg", sound[:scan + 60] + b"\xff\xd9"
    restarts = jpeg(picture, subsampling="4:4:4", restart_marker_blocks=1)
    lost = restarts.index(b"\xff\xd1")
    yield "odd-lost-restart.jpg", restarts[:lost] + restarts[lost + 2:]
    yield "odd-progressive-bad-data.jpg", damaged(jpeg(picture, progressive=True))
    yield "jpeg-data-behind.jpg", sound + b"what a phone appends" * 20
    file = io.BytesIO()
    picture.save(file, "MPO", save_all=True, append_images=[picture.rotate(180)], quality=88)
    yield "jpeg-several.jpg", file.getvalue()

    # The same of PNG.
    small = png(7, 5, 8, RGB, ramp(8))
    end = len(small) - 12
    text = chunk(b"tEXt", b"Comment\0drawn by a script") + chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"a ramp"))
    yield "rgb-8-texts.png", png(7, 5, 8, RGB, ramp(8), before=text)
    yield "rgb-8-data-behind.png", small + b"what a program appends" * 20
    yield "rgb-8-transparent.png", png(7, 5, 8, RGB, ramp(8), before=chunk(b"tRNS", struct.pack(">HHH", 37, 5, 11)))
    yield "odd-checksum-of-pixels.png", small[:end - 1] + bytes([small[end - 1] ^ 1]) + small[end:]
    yield "odd-checksum-of-a-text-behind.png", small[:end] + text[:-1] + bytes([text[-1] ^ 1]) + small[end:]
    yield "odd-no-end.png", small[:end]
    yield "odd-extra-in-pixels.png", png(7, 5, 8, RGB, ramp(8), more=b"more")
    few = chunk(b"PLTE", bytes(i * 31 & 255 for i in range(15)))
    yield "palette-4-short.png", png(13, 9, 4, PALETTE, lambda x, y: [(x + 3 * y) % 16], before=few)
    yield "palette-8-short.png", png(13, 9, 8, PALETTE, lambda x, y: [(x + 3 * y) % 256], before=few)


def damaged(file):
    """A progressive JPEG with a few bytes of its second scan overwritten."""
    scan = file.index(b"\xff\xda", file.index(b"\xff\xda") + 2)
    return file[:scan + 12] + b"\xfe\xfe\xfe" + file[scan + 15:]


def refused():
    """Name and bytes of each file that must not be read."""
    nothing = lambda x, y: [0] * 4
    small = png(4, 4, 8, RGB, nothing)

    def declaring(width, height, depth=8, colour=RGB, length=0):
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
        data = zlib.compress(bytes(length), 9)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")

    yield "png-0x5.png", declaring(0, 5)
    yield "png-5x0.png", declaring(5, 0)
    yield "png-100000x100000.png", declaring(100_000, 100_000)
    yield "png-40000x40000.png", declaring(40_000, 40_000)
    yield "png-4294967295.png", declaring(0xffffffff, 0xffffffff)
    yield "png-short.png", declaring(16_000, 16_000, length=100_000)
    yield "png-depth-3.png", declaring(4, 4, depth=3, length=64)
    yield "png-colour-5.png", declaring(4, 4, colour=5, length=64)
    text = chunk(b"tEXt", b"Comment\0drawn by a script")
    yield "png-text-checksum.png", png(4, 4, 8, RGB, nothing, before=text[:-1] + bytes([text[-1] ^ 1]))
    pixels = zlib.compress(packed([[nothing(x, y) for x in range(4)] for y in range(4)], 8, 3))
    header = struct.pack(">IIBBBBB", 4, 4, 8, RGB, 0, 0, 0)
    yield "png-pixels-differ.png", (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                                    + chunk(b"IDAT", pixels[:-1] + bytes([pixels[-1] ^ 1])) + chunk(b"IEND", b""))
    yield "png-no-header.png", small[:8] + small[33:]
    yield "png-no-palette.png", png(4, 4, 8, PALETTE, nothing)

    picture = Image.new("RGB", (16, 16), "#406080")
    file = io.BytesIO()
    picture.save(file, "JPEG", progressive=True)
    yield "jpeg-progressive-no-end.jpg", file.getvalue()[:-2]
    file = io.BytesIO()
    picture.save(file, "JPEG")
    sound = file.getvalue()
    frame = sound.index(b"\xff\xc0") + 5

    def resized(width, height):
        return sound[:frame] + struct.pack(">HH", height, width) + sound[frame + 4:]

    yield "jpeg-0x16.jpg", resized(0, 16)
    yield "jpeg-16x0.jpg", resized(16, 0)
    yield "jpeg-65500x65500.jpg", resized(65_500, 65_500)
    yield "jpeg-short.jpg", resized(16_000, 16_000)
    yield "jpeg-no-frame.jpg", sound[:frame - 5] + b"\xff\xd9"
    yield "jpeg-2-components.jpg", sound[:frame + 4] + b"\2" + sound[frame + 5:]
    yield "jpeg-12-bits.jpg", sound[:frame - 1] + b"\x0c" + sound[frame:]
    yield "pointer.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4567\n"
    yield "other.gif", b"GIF89a\1\0\1\0\0\0\0;"
    yield "text.png", b"This is not a picture.\n"
    yield "empty.png", b""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    expected = {}
    for name, data in pictures():
        (FOLDER / name).write_bytes(data)
        ImageFile.LOAD_TRUNCATED_IMAGES = name == "odd-no-end.jpg"
        stored = Image.open(io.BytesIO(data))
        stored.load()
        if stored.mode.startswith("I"):
            samples = stored.tobytes() if stored.mode == "I;16" else stored.convert("I;16").tobytes()
            rgb = b"".join(bytes([high] * 3) for high in samples[1::2])
            width, height = stored.size
        else:
            upright = ImageOps.exif_transpose(stored).convert("RGB")
            rgb, (width, height) = upright.tobytes(), upright.size
        expected[name] = {"width": width, "height": height, "rgb": rgb.hex()}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
    for name, data in refused():
        (FOLDER / f"refused-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
