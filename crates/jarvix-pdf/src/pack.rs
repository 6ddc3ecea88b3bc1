//! Packs the small objects of a PDF into compressed object streams (PDF 1.5, 7.5.7 and 7.5.8 of
//! ISO 32000-1). The structure of a tagged table is thousands of small dictionaries: packed they take
//! a tenth of the room.
//!
//! It reads what our own writer wrote and nothing else; what does not look like that is left as it is.

use std::fmt::Write;

use libdeflater::{CompressionLvl, Compressor};

/// Objects of one object stream: readers unpack it whole to reach one of them.
const OBJECTS_MAX: usize = 1_024;
/// Of libdeflate, which takes less time than zlib's and gives smaller files: more takes much longer and
/// saves little.
const LEVEL: i32 = 6;

/// An object as it stands in the file.
struct Object<'a> {
    number: usize,
    body: &'a [u8],
}

/// Where an object is found.
#[derive(Clone, Copy)]
enum Place {
    Free,
    At(usize),
    In { stream: usize, index: usize },
}

/// The same document, packed; as it was where it cannot be.
pub(crate) fn packed(pdf: Vec<u8>) -> Vec<u8> {
    repacked(&pdf).filter(|packed| packed.len() < pdf.len()).unwrap_or(pdf)
}

fn repacked(pdf: &[u8]) -> Option<Vec<u8>> {
    let (offsets, table, trailer) = directory(pdf)?;
    let size = offsets.len();
    // An object ends where the next one begins.
    let mut starts: Vec<usize> = offsets.iter().flatten().copied().collect();
    starts.sort_unstable();
    let mut out = pdf.get(..*starts.first()?)?.to_vec();
    let mut objects = Vec::with_capacity(size);
    for (number, start) in offsets.iter().enumerate() {
        let Some(start) = *start else { continue };
        let next = starts.partition_point(|other| *other <= start);
        let end = starts.get(next).copied().unwrap_or(table);
        objects.push(Object { number, body: body(pdf, (start, end), number)? });
    }
    let mut packer = Packer::new();
    let mut places = vec![Place::Free; size];
    let (streams, small): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.body.ends_with(b"endstream"));
    for object in streams {
        places[object.number] = Place::At(out.len());
        match plain_stream(object.body) {
            Some((about, content)) => {
                let content = plainly(content);
                write_object(&mut out, object.number, &stream(about, &content, &mut packer)?);
            }
            None => write_object(&mut out, object.number, object.body),
        }
    }
    for group in small.chunks(OBJECTS_MAX) {
        let stream = places.len();
        for (index, object) in group.iter().enumerate() {
            places[object.number] = Place::In { stream, index };
        }
        places.push(Place::At(out.len()));
        write_object(&mut out, stream, &object_stream(group, &mut packer)?);
    }
    let start = out.len();
    let number = places.len();
    places.push(Place::At(start));
    write_object(&mut out, number, &cross_references(&places, trailer, &mut packer)?);
    out.extend_from_slice(format!("startxref\n{start}\n%%EOF").as_bytes());
    Some(out)
}

/// The offset of each object, that of their table, and what the trailer says beside the size.
fn directory(pdf: &[u8]) -> Option<(Vec<Option<usize>>, usize, &str)> {
    let tail = std::str::from_utf8(pdf.get(pdf.len().checked_sub(64)?..)?).ok()?;
    let start: usize = tail.rsplit_once("startxref\n")?.1.lines().next()?.parse().ok()?;
    let table = std::str::from_utf8(pdf.get(start..)?).ok()?;
    let (entries, trailer) = table.strip_prefix("xref\n0 ")?.split_once("trailer")?;
    let (count, entries) = entries.split_once('\n')?;
    let offset = |line: &str| -> Option<Option<usize>> {
        let offset: usize = line.get(..10)?.parse().ok()?;
        Some((line.get(17..18)? == "n").then_some(offset))
    };
    let offsets: Vec<_> = entries.lines().map(offset).collect::<Option<_>>()?;
    let dictionary = trailer.split_once("<<")?.1.rsplit_once(">>")?.0;
    let rest = dictionary.trim_start().strip_prefix(&format!("/Size {count}"))?;
    (offsets.len() == count.trim().parse().ok()?).then_some((offsets, start, rest))
}

/// The object that lies between two offsets, without what stands around it.
fn body(pdf: &[u8], (start, end): (usize, usize), number: usize) -> Option<&[u8]> {
    let whole = pdf.get(start..end)?.trim_ascii_end();
    whole.strip_prefix(format!("{number} 0 obj\n").as_bytes())?.strip_suffix(b"\nendobj")
}

/// What is said of a stream beside its length, and its content: what is drawn on a page, or which
/// letters a font's glyphs stand for. Not one that is compressed already, and not the metadata, which
/// programmes look for without reading the rest.
fn plain_stream(object: &[u8]) -> Option<(&str, &[u8])> {
    let rest = object.strip_prefix(b"<</Length ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let content = rest.strip_suffix(b"\nendstream")?;
    let content = content.get(content.len().checked_sub(length)?..)?;
    let head = &rest[digits..rest.len() - length - b"\nendstream".len()];
    let about = std::str::from_utf8(head.strip_suffix(b">>\nstream\n")?).ok()?;
    let is_plain = !about.contains("/Filter") && !about.contains("/Metadata");
    is_plain.then_some((about, content))
}

/// The same content with strings as they are: the writer spells each byte that is no letter with four
/// characters, and most bytes of the numbers of glyphs are none.
fn plainly(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content;
    // A backslash stands in strings alone.
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let Some((meant, after)) = escaped(&rest[at + 1..]) else { return out };
        // These mean something, and a reader takes an end of line for a line feed.
        match meant {
            b'\r' => out.extend_from_slice(b"\\r"),
            b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', meant]),
            _ => out.push(meant),
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

/// What stands behind a backslash, and what comes after it.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |byte: &u8| (b'0'..=b'7').contains(byte).then(|| u32::from(byte - b'0'));
    let meant = match text {
        [a, b, c, rest @ ..] if digit(a).is_some() && digit(b).is_some() && digit(c).is_some() => {
            let value = digit(a)? * 64 + digit(b)? * 8 + digit(c)?;
            return Some((value as u8, rest));
        }
        [a, b, rest @ ..] if digit(a).is_some() && digit(b).is_some() => {
            return Some(((digit(a)? * 8 + digit(b)?) as u8, rest));
        }
        [a, ..] if digit(a).is_some() => digit(a)? as u8,
        [b'n', ..] => b'\n',
        [b'r', ..] => b'\r',
        [b't', ..] => b'\t',
        [b'b', ..] => 8,
        [b'f', ..] => 12,
        [other, ..] => *other,
        [] => return None,
    };
    Some((meant, text.get(1..)?))
}

fn write_object(out: &mut Vec<u8>, number: usize, body: &[u8]) {
    out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(b"\nendobj\n");
}

/// A compressor for one stream after the other: its tables are made once.
struct Packer(Compressor);

impl Packer {
    fn new() -> Self {
        let level = CompressionLvl::new(LEVEL).unwrap_or_default();
        Self(Compressor::new(level))
    }

    fn deflated(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; self.0.zlib_compress_bound(bytes.len())];
        let length = self.0.zlib_compress(bytes, &mut out).ok()?;
        out.truncate(length);
        Some(out)
    }
}

fn stream(dictionary: &str, content: &[u8], packer: &mut Packer) -> Option<Vec<u8>> {
    let content = packer.deflated(content)?;
    let length = content.len();
    let mut out =
        format!("<<{dictionary}/Filter/FlateDecode/Length {length}>>\nstream\n").into_bytes();
    out.extend_from_slice(&content);
    out.extend_from_slice(b"\nendstream");
    Some(out)
}

fn object_stream(group: &[Object<'_>], packer: &mut Packer) -> Option<Vec<u8>> {
    let (mut head, mut bodies) = (String::new(), Vec::new());
    for object in group {
        write!(head, "{} {} ", object.number, bodies.len()).ok()?;
        bodies.extend_from_slice(object.body);
        bodies.push(b'\n');
    }
    let dictionary = format!("/Type/ObjStm/N {}/First {}", group.len(), head.len());
    stream(&dictionary, &[head.as_bytes(), &bodies].concat(), packer)
}

/// The cross-reference stream: a kind, an offset or stream, a generation or index for each object.
fn cross_references(places: &[Place], trailer: &str, packer: &mut Packer) -> Option<Vec<u8>> {
    let mut rows = Vec::with_capacity(places.len() * 7);
    for place in places {
        let (kind, second, third) = match *place {
            Place::Free => (0u8, 0, u16::MAX),
            Place::At(offset) => (1, u32::try_from(offset).ok()?, 0),
            Place::In { stream, index } => {
                (2, u32::try_from(stream).ok()?, u16::try_from(index).ok()?)
            }
        };
        rows.push(kind);
        rows.extend_from_slice(&second.to_be_bytes());
        rows.extend_from_slice(&third.to_be_bytes());
    }
    stream(&format!("/Type/XRef/Size {}/W[1 4 2]{trailer}", places.len()), &rows, packer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_mean_what_they_meant() {
        for (written, plain) in [
            (&br"[(\000B\0333)]TJ"[..], &b"[(\x00B\x1b3)]TJ"[..]),
            (br"(\(a\)\\\015\n\12\7x(in)side)Tj", b"(\\(a\\)\\\\\\r\n\n\x07x(in)side)Tj"),
            (br"q 1 0 0 -1 0 841.89 cm", br"q 1 0 0 -1 0 841.89 cm"),
            (br"(\101\)", b"(A\\)"),
            (br"(broken\", b"(broken"),
        ] {
            assert_eq!(plainly(written), plain, "{}", String::from_utf8_lossy(written));
        }
    }

    #[test]
    fn one_packer_packs_many_streams() {
        let mut packer = Packer::new();
        for length in [0, 1, 100, 70_000] {
            let bytes: Vec<u8> =
                (0..length).map(|at: u32| (at.wrapping_mul(at) / 7) as u8).collect();
            let packed = packer.deflated(&bytes).expect("packed");
            let mut read = flate2::bufread::ZlibDecoder::new(&packed[..]);
            let mut back = Vec::new();
            std::io::Read::read_to_end(&mut read, &mut back).expect("unpacked");
            assert!(back == bytes, "{length}");
        }
    }
}
