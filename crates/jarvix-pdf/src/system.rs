//! The machine's fonts, for scripts that the fonts inside the programme do not have: found by what
//! they cover, in an order that does not change from call to call.
//!
//! What it refuses to do: load a font before a character asks for it, or hold more than a few.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fontdb::{Database, FaceInfo, ID, Source, Style};

use crate::face::Face;

/// Most fonts that are held; characters of further ones are boxes.
const FACES_MAX: usize = 64;
/// Families that are asked first: plain text faces with wide coverage.
const PREFERRED: [&str; 4] = ["Noto Sans", "DejaVu Sans", "Arial", "Segoe UI"];

/// What is known of the machine's fonts.
pub(crate) struct System {
    /// Faces by preference for text that is not bold, and for text that is.
    order: [Vec<ID>; 2],
    database: Database,
    faces: [OnceLock<Face>; FACES_MAX],
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The face that a character was found in.
    by_char: HashMap<(char, bool), Option<usize>>,
    /// The faces that are held, by their place.
    held: Vec<ID>,
    /// What the faces cover that were asked: first and last characters of ranges, in order.
    covered: HashMap<ID, Vec<(u32, u32)>>,
}

impl Known {
    fn covers(&mut self, database: &Database, id: ID, c: char) -> bool {
        let ranges = self
            .covered
            .entry(id)
            .or_insert_with(|| database.with_face_data(id, ranges).unwrap_or_default());
        let at = ranges.partition_point(|(_, last)| *last < u32::from(c));
        ranges.get(at).is_some_and(|(first, _)| *first <= u32::from(c))
    }
}

/// The characters that a face has a glyph for.
fn ranges(data: &[u8], index: u32) -> Vec<(u32, u32)> {
    use skrifa::MetadataProvider;
    let Ok(font) = harfrust::FontRef::from_index(data, index) else { return Vec::new() };
    let mut all: Vec<u32> = font.charmap().mappings().map(|(c, _)| c).collect();
    all.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for c in all {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 >= c => *last = c,
            _ => ranges.push((c, c)),
        }
    }
    ranges
}

/// How far a face is from plain text: less is better.
fn strangeness(face: &FaceInfo, bold: bool) -> (usize, u16, String, u32) {
    let name = face.families.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    let family = PREFERRED.iter().position(|known| name.starts_with(known));
    let weight = face.weight.0.abs_diff(if bold { 700 } else { 400 });
    let odd = usize::from(face.style != Style::Normal) * 100 + usize::from(face.monospaced) * 10;
    (family.unwrap_or(PREFERRED.len()) + odd, weight, face.post_script_name.clone(), face.index)
}

impl System {
    pub(crate) fn new() -> Self {
        let mut database = Database::new();
        database.load_system_fonts();
        Self::of(database)
    }

    pub(crate) fn of_folder(folder: &Path) -> Self {
        let mut database = Database::new();
        database.load_fonts_dir(folder);
        Self::of(database)
    }

    pub(crate) fn none() -> Self {
        Self::of(Database::new())
    }

    fn of(database: Database) -> Self {
        let order = [false, true].map(|bold| {
            let mut order: Vec<ID> = database.faces().map(|face| face.id).collect();
            order.sort_by_cached_key(|id| database.face(*id).map(|face| strangeness(face, bold)));
            order
        });
        let faces = std::array::from_fn(|_| OnceLock::new());
        Self { order, database, faces, known: Mutex::default() }
    }

    /// The names of all faces, with the sizes of their files.
    pub(crate) fn identity(&self) -> String {
        let size = |source: &Source| match source {
            Source::Binary(data) => (**data).as_ref().len() as u64,
            Source::File(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
        };
        let faces = self.order[0].iter().filter_map(|id| self.database.face(*id));
        let name = |face: &FaceInfo| format!("{} {}", face.post_script_name, size(&face.source));
        faces.map(name).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn face(&self, at: usize) -> Option<&Face> {
        self.faces.get(at).and_then(OnceLock::get)
    }

    /// The place of a face that has the character.
    pub(crate) fn find(&self, c: char, bold: bool) -> Option<usize> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.by_char.get(&(c, bold)) {
            return *found;
        }
        let found = self.search(&mut known, c, bold);
        known.by_char.insert((c, bold), found);
        found
    }

    fn search(&self, known: &mut Known, c: char, bold: bool) -> Option<usize> {
        // The best of all faces, whichever are held: what was drawn before decides nothing.
        let order = &self.order[usize::from(bold)];
        let best = order.iter().find(|id| known.covers(&self.database, **id, c))?;
        if let Some(at) = known.held.iter().position(|id| id == best) {
            return Some(at);
        }
        let at = known.held.len();
        let slot = self.faces.get(at)?;
        let info = self.database.face(*best)?;
        let data: Arc<dyn AsRef<[u8]> + Send + Sync> = match &info.source {
            Source::Binary(data) => Arc::clone(data),
            Source::File(path) => Arc::new(std::fs::read(path).ok()?),
        };
        let face = Face::new(data, info.index)?;
        slot.set(face).ok()?;
        known.held.push(*best);
        Some(at)
    }
}
