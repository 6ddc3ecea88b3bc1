"""What is wrong with a PDF, as JSON: syntax, fonts, tags, and texts that overlap or leave the page.

It reads with pikepdf (qpdf) and pdfplumber (pdfminer), which know nothing of the writer."""
import json
import sys

import pdfplumber
import pikepdf
from pikepdf import Array, Dictionary, Name

problems = []


def problem(text):
    if len(problems) < 40:
        problems.append(text)


def catalog(pdf):
    root = pdf.Root
    if not root.get("/MarkInfo", {}).get("/Marked", False):
        problem("the document is not marked as tagged")
    if "/Lang" not in root:
        problem("the document has no language")
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False):
        problem("the title is not what a viewer shows")
    if "/Outlines" not in root:
        problem("there are no bookmarks")
    with pdf.open_metadata() as metadata:
        if metadata.get("pdfuaid:part") != "1":
            problem("the document does not say that it follows PDF/UA-1")
        if not metadata.get("dc:title"):
            problem("the document has no title")


def fonts(pdf):
    names = []
    for thing in pdf.objects:
        if not isinstance(thing, Dictionary):
            continue
        if thing.get("/Type") == Name.FontDescriptor:
            names.append(str(thing.get("/FontName")))
            if not any(name in thing for name in ("/FontFile", "/FontFile2", "/FontFile3")):
                problem(f"font {thing.get('/FontName')} is not embedded")
        if thing.get("/Type") == Name.Font and thing.get("/Subtype") == Name.Type0:
            if "/ToUnicode" not in thing:
                problem(f"font {thing.get('/BaseFont')} does not say what its glyphs mean")
    if not names:
        problem("there is no font")
    return names


def content(pdf):
    """Every text and shape stands in marked content; how many marks each page has."""
    marks = {}
    for number, page in enumerate(pdf.pages):
        depth, found = 0, set()
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                depth += 1
                if name == "BDC" and isinstance(operands[1], Dictionary):
                    if "/MCID" in operands[1]:
                        found.add(int(operands[1]["/MCID"]))
            elif name == "EMC":
                depth -= 1
            elif name in ("Tj", "TJ", "f", "S", "Do", "f*", "B") and depth == 0:
                problem(f"page {number + 1}: something is drawn outside marked content")
                break
        marks[page.objgen] = found
    return marks


def structure(pdf, marks):
    seen = {key: set() for key in marks}
    headings, alts = [], []
    links = 0

    def kids(element):
        inner = element.get("/K")
        if inner is None:
            return []
        return list(inner) if isinstance(inner, Array) else [inner]

    def walk(element, page):
        nonlocal links
        role = str(element.get("/S"))
        page = element.get("/Pg", page)
        if role in ("/Figure", "/Formula"):
            if not element.get("/Alt"):
                problem("a figure has no text for those who do not see it")
            alts.append(str(element.get("/Alt", "")))
        if role[:2] == "/H" and role[2:].isdigit():
            headings.append(int(role[2:]))
        if role == "/TR":
            rows.append(len(kids(element)))
        if role == "/TH":
            attributes = element.get("/A")
            attributes = attributes if isinstance(attributes, Array) else [attributes]
            if not any(a is not None and "/Scope" in a for a in attributes):
                problem("a head cell does not say what it is the head of")
        if role == "/Table":
            rows.clear()
        for kid in kids(element):
            if isinstance(kid, Dictionary):
                if kid.get("/Type") == Name.OBJR:
                    links += 1
                    note = kid["/Obj"]
                    if not note.get("/Contents"):
                        problem("a link does not say where it leads")
                    if "/StructParent" not in note:
                        problem("a link is not part of the structure")
                elif kid.get("/Type") == Name.MCR:
                    seen[kid.get("/Pg", page).objgen].add(int(kid["/MCID"]))
                else:
                    walk(kid, page)
            else:
                seen[page.objgen].add(int(kid))
        if role == "/Table" and len(set(rows)) > 1:
            problem(f"a table has rows of {sorted(set(rows))} cells")

    rows = []
    tree = pdf.Root.get("/StructTreeRoot")
    if tree is None:
        problem("there is no structure")
        return 0
    for kid in kids(tree):
        walk(kid, None)
    for key, found in marks.items():
        if found - seen[key]:
            problem(f"content is marked and not part of the structure: {sorted(found - seen[key])[:5]}")
        if seen[key] - found:
            problem(f"the structure names content that is not there: {sorted(seen[key] - found)[:5]}")
    if headings and headings[0] != 1:
        problem("the first heading is not of the first level")
    for before, after in zip(headings, headings[1:]):
        if after > before + 1:
            problem(f"a heading of level {after} follows one of level {before}")
    annotated = sum(len(page.get("/Annots", [])) for page in pdf.pages)
    if annotated != links:
        problem(f"{annotated} links, {links} of them in the structure")
    return links, alts


def places(path):
    words, texts, lines = 0, [], []
    with pdfplumber.open(path) as pdf:
        for number, page in enumerate(pdf.pages):
            found = page.extract_words(use_text_flow=False, keep_blank_chars=False)
            words += len(found)
            texts.append(" ".join(word["text"] for word in found))
            lines.extend(page.extract_text().splitlines())
            boxes = []
            for word in found:
                height = word["bottom"] - word["top"]
                # Ascenders and descenders of the font reach beyond what is drawn.
                box = (word["x0"], word["top"] + 0.22 * height, word["x1"], word["bottom"] - 0.22 * height)
                boxes.append((box, word["text"]))
                inside = box[0] >= 0 and box[1] >= 0 and box[2] <= page.width and box[3] <= page.height
                if not inside:
                    problem(f"page {number + 1}: {word['text']!r} leaves the page")
            boxes.sort(key=lambda one: one[0][1])
            for at, (a, text) in enumerate(boxes):
                for b, other in boxes[at + 1:]:
                    if b[1] >= a[3]:
                        break
                    if min(a[2], b[2]) - max(a[0], b[0]) > 0.8 and min(a[3], b[3]) - max(a[1], b[1]) > 0.8:
                        problem(f"page {number + 1}: {text!r} and {other!r} overlap")
    return words, " ".join(texts), lines


def check(path):
    problems.clear()
    with pikepdf.open(path) as pdf:
        for line in pdf.check_pdf_syntax():
            problem(f"syntax: {line}")
        catalog(pdf)
        names = fonts(pdf)
        links, alts = structure(pdf, content(pdf))
        pages = len(pdf.pages)
    words, text, lines = places(path)
    return {"pages": pages, "links": links, "words": words, "text": text, "lines": lines, "alts": alts, "fonts": names,
            "problems": list(problems)}


print(json.dumps({path: check(path) for path in sys.argv[1:]}))
