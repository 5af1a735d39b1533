"""Small PDF files, written by hand: the least that a reader accepts (ISO 32000-1, 7.5)."""

from __future__ import annotations

HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
# text in Shift JIS; which characters its codes mean stands in no file but in Adobe's CMaps, which readers bring along
JAPANESE = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /90ms-RKSJ-H /DescendantFonts [<< /Type /Font "
    b"/Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) "
    b"/Supplement 2 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /Ryumin-Light /Flags 6 "
    b"/FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 750 /Descent -250 /CapHeight 700 /StemV 80 >> >>] >>"
)
# a grey rectangle, as a scanner's picture of a page
PICTURE = b"0.8 g 50 50 400 600 re f"
# no password that anybody knows fits these hashes
LOCKED = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]" % (b"ab" * 32, b"cd" * 32)


def lines(*texts: str, encoding: str = "latin-1") -> bytes:
    """What a page's content is: one line of text below the other."""
    shown = b" ".join(b"<%s> Tj 0 -24 Td" % text.encode(encoding).hex().encode() for text in texts)
    return b"BT /F1 18 Tf 72 700 Td " + shown + b" ET"


def pdf(*pages: bytes, font: bytes = HELVETICA, trailer: bytes = b"") -> bytes:
    """A PDF of pages with this content; `trailer` is added to the dictionary of that name."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        font,
    ]
    for number, content in enumerate(pages):
        resources = b"/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]"
        objects.append(b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R >>" % (resources, 5 + 2 * number))
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects, trailer)


def _file(objects: list[bytes], trailer: bytes) -> bytes:
    data = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + end
