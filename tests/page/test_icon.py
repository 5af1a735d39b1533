"""The page's icon: a PNG that Pillow can read to its end, or an SVG that is drawn without reading anything else."""

from __future__ import annotations

import base64
import io
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from conftest import ROOT
from mkexe.errors import UsageError
from mkexe.page import icon
from support.pictures import one_pixel_png, png_chunk, red_picture

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"'
SVG = f'<svg {NAMESPACES} viewBox="0 0 8 8">{{}}</svg>'
BLACK = '<path d="M0 0h8v8H0z"/>'


def picture(kind: str) -> str:
    """A red picture as a data URI."""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(red_picture(8, 8, kind)).decode()}"


def drawn(content: str, document: str = SVG) -> Image.Image:
    data = icon.to_png(document.format(content).encode(), "icon")
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (icon.EDGE, icon.EDGE))
        return image.copy()


def refused(svg: str, limit_s: float = icon.DRAWING_LIMIT_S) -> UsageError:
    with pytest.raises(UsageError) as caught:
        icon.to_png(svg.encode(), "icon", limit_s)
    assert caught.value.hint
    return caught.value


def refused_file(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        icon.read_icon(path, "page.icon")
    assert caught.value.message.startswith(f"page.icon: {path}")
    return caught.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('\n<image href="https://example.org/a.png"/>', "line 2: the external reference href"),
        ('<image x:href="//example.org/a"/>', "the external reference href"),
        ('<image href="/etc/passwd"/>', 'href="/etc/passwd" of <image>'),
        ('<filter><feImage href="a.png"/></filter>', "of <feImage>"),
        ('<use href="other.svg#a"/>', "the external reference href"),
        ('<image href="data:image/svg+xml,&lt;svg/&gt;"/>', "the external reference href"),
        ("<text>Roses</text>", "text is not drawn"),
        ("<rect>", "line 1: expected an SVG, found mismatched tag"),
    ],
)
def test_an_svg_that_needs_something_else_is_refused_with_the_place(content: str, message: str) -> None:
    error = refused(SVG.format(content))
    assert error.message.startswith("icon, line ")
    assert message in error.message


@pytest.mark.parametrize("reference", ["other.png", "other.svg", "{folder}/other.png", "file://{folder}/other.png"])
@pytest.mark.parametrize("element", ["<image {href}/>", "<image x:{href}/>", "<filter><feImage {href}/></filter>"])
def test_no_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, element: str, reference: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png")
    (tmp_path / "other.svg").write_text(SVG.format(BLACK))
    monkeypatch.chdir(tmp_path)
    href = f'width="8" height="8" href="{reference.format(folder=tmp_path)}"'
    assert "the external reference" in refused(SVG.format(element.format(href=href))).message


def test_what_could_run_or_load_something_elsewhere_is_not_in_the_picture() -> None:
    inert = (
        "<script>alert(1)</script>",
        '<foreignObject width="8" height="8"><b xmlns="http://www.w3.org/1999/xhtml">b</b></foreignObject>',
        '<rect onclick="alert(1)"/>',
        '<rect width="8" height="8" fill="url(https://example.org/a)"/>',
        "<style>@im<!-- -->port 'https://example.org/a.css';</style>",
        "<style><![CDATA[rect{fill:url('https://example.org/a')}]]></style>",
        '<animate attributeName="x:href" to="https://example.org/"/>',
        '<?xml-stylesheet href="https://example.org/a.css"?>',
        '<a href="https://example.org/"/>',
    )
    assert drawn("".join(inert) + BLACK).tobytes() == drawn(BLACK).tobytes()


def endless() -> str:
    return SVG.format(f'<filter id="f"><feTurbulence numOctaves="1000000000"/></filter><g filter="url(#f)">{BLACK}</g>')


def copies(levels: int) -> str:
    """A drawing of 10 ** `levels` elements."""
    groups = "".join(f'<g id="a{n + 1}">' + f'<use x:href="#a{n}"/>' * 10 + "</g>" for n in range(levels))
    return SVG.format(f'<defs><g id="a0">{BLACK}</g>{groups}</defs><use x:href="#a{levels}"/>')


@pytest.mark.parametrize(
    ("svg", "message"),
    [
        (SVG.format("<g>" * 30_000 + BLACK + "</g>" * 30_000), "it nests too deep"),
        (copies(8), "nodes limit reached"),
        (SVG.format(""), "the picture is empty"),
        (f'<svg {NAMESPACES} width="0" height="0"/>', "SVG has an invalid size"),
        (f'<svg {NAMESPACES} width="1e9" height="1e9">{BLACK}</svg>', "the picture is empty"),
        (SVG.format(f"<!--{'x' * 1_000_000}-->"), "may have 1000000 bytes"),
        ("<html/>", "expected <svg"),
        ("no SVG", "found syntax error"),
        ("", "no element found"),
    ],
    ids=["deep", "copies", "empty", "no size", "huge", "large", "html", "text", "nothing"],
)  # fmt: skip
def test_a_hostile_svg_ends_in_a_sentence(svg: str, message: str) -> None:
    assert message in refused(svg).message


def test_a_drawing_without_end_is_ended() -> None:
    assert "drawing takes longer than 1 seconds" in refused(endless(), 1).message


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    for entities in ('<!ENTITY a "b">', f'<!ENTITY a0 "ha">{laughs}', '<!ENTITY a SYSTEM "file:///etc/passwd">'):
        error = refused(f"<!DOCTYPE svg [{entities}]>" + SVG.format("&a9;"))
        assert "the entity 'a" in error.message


def test_a_harmless_svg_is_drawn() -> None:
    gradient = '<defs><linearGradient id="g"><stop stop-color="#00f"/></linearGradient></defs>'
    rect = '<rect id="r" width="8" height="4" fill="url(#g)" style="stroke:none"/><style>rect{opacity:1}</style>'
    pixels = drawn(f'{gradient}<image width="8" height="8" href="{picture("PNG")}"/>{rect}<use href="#r"/>')
    assert pixels.getpixel((256, 128)) == (0, 0, 255, 255)
    assert pixels.getpixel((256, 384)) == (255, 0, 0, 255)
    doctype = '<?xml version="1.0" encoding="latin-1"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">'
    assert drawn(BLACK, doctype + SVG).getpixel((256, 256)) == (0, 0, 0, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_inside_an_svg_is_drawn(kind: str) -> None:
    image = drawn(f'<image width="8" height="8" href="{picture(kind)}"/>')
    red, green, blue, alpha = image.getpixel((256, 256))  # type: ignore[misc]
    assert (red > 250, green < 5, blue < 5, alpha) == (True, True, True, 255)


@pytest.mark.parametrize(("view", "clear"), [("0 0 2 1", (256, 20)), ("0 0 1 2", (20, 256))])
def test_what_is_not_square_keeps_its_proportions(view: str, clear: tuple[int, int]) -> None:
    image = drawn(BLACK, f'<svg {NAMESPACES} viewBox="{view}">{{}}</svg>')
    assert image.getpixel((256, 256)) == (0, 0, 0, 255)
    assert image.getpixel(clear) == (0, 0, 0, 0)


def test_the_page_s_own_icon_is_small_and_drawn_the_same_each_time() -> None:
    source = (ROOT / "templates/webui/favicon.svg").read_bytes()
    first = icon.to_png(source, "one")
    assert icon.to_png(source, "other") == first
    assert len(first) < 16_000


def test_a_png_is_checked_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "icon.png"
    sound = one_pixel_png()
    path.write_bytes(sound)
    assert icon.read_icon(path, "page.icon") == sound
    damaged = bytearray(sound)
    damaged[20] ^= 1
    swapped = sound[:8] + sound[33:]
    lies = (one_pixel_png(100, 100), one_pixel_png(0, 1))
    for data in (sound[:-1], bytes(damaged), sound[:8], swapped, *lies):
        assert "damaged or incomplete" in refused_file(path, data)
    assert "found 4000 x 1" in refused_file(path, one_pixel_png(4000, 1))
    assert "may have 1000000 bytes" in refused_file(path, sound + bytes(1_000_000))
    assert "expected a PNG" in refused_file(path, b"GIF89a")


@pytest.mark.parametrize("edge", [10_000, 40_000, 2**31])
def test_a_png_that_unpacks_to_gigabytes_is_refused(edge: int, recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(UsageError, match="expected 1 to 2048 pixels a side, found many more"):
        icon.to_png(one_pixel_png(edge, edge), "icon")
    assert not recwarn.list


def test_a_png_s_texts_may_not_unpack_to_megabytes() -> None:
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20 << 20), 9))
    with pytest.raises(UsageError, match="damaged or incomplete"):
        icon.to_png(one_pixel_png(1, 1, text), "icon")


@settings(deadline=None)  # a clock measures the machine
@given(st.integers(8, len(one_pixel_png()) - 1), st.binary(min_size=1, max_size=8))
def test_a_changed_png_is_taken_or_refused_in_a_sentence(offset: int, data: bytes) -> None:
    changed = one_pixel_png()[:offset] + data + one_pixel_png()[offset + len(data) :]
    said: list[str] = []
    try:
        assert icon.to_png(changed, "icon") == changed
    except UsageError as error:
        said.append(error.message)
    assert all(message.startswith("icon: ") for message in said)
