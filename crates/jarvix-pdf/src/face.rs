//! The fonts: two inside the programme, and others of the machine, looked for only when a character
//! needs them.
//!
//! What it refuses to do: prefer a font of the machine to its own, so that a report of Latin, Greek or
//! Cyrillic text is the same bytes everywhere.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use harfrust::{FontRef, ShaperData};
use skrifa::MetadataProvider;

use crate::system::System;

/// What is drawn for a character that no font has.
pub(crate) const BOX: char = '\u{25A1}';

/// One font.
pub(crate) struct Face {
    pub(crate) krilla: krilla::text::Font,
    pub(crate) data: Arc<dyn AsRef<[u8]> + Send + Sync>,
    pub(crate) index: u32,
    pub(crate) shaper: ShaperData,
    pub(crate) units_per_em: f32,
    /// The glyph that a box is drawn with, where it has one.
    pub(crate) box_glyph: Option<u32>,
}

impl Face {
    pub(crate) fn new(data: Arc<dyn AsRef<[u8]> + Send + Sync>, index: u32) -> Option<Self> {
        let (shaper, units_per_em, box_glyph) = {
            let font = FontRef::from_index((*data).as_ref(), index).ok()?;
            let metrics = font.metrics(
                skrifa::instance::Size::unscaled(),
                skrifa::instance::LocationRef::default(),
            );
            let box_glyph = font.charmap().map(BOX).map(skrifa::GlyphId::to_u32);
            (ShaperData::new(&font), f32::from(metrics.units_per_em), box_glyph)
        };
        let krilla = krilla::text::Font::new(Arc::clone(&data).into(), index)?;
        (units_per_em > 0.0).then_some(Self {
            krilla,
            data,
            index,
            shaper,
            units_per_em,
            box_glyph,
        })
    }

    /// The font as its bytes say it; they were read before, so it is there.
    pub(crate) fn font(&self) -> Option<FontRef<'_>> {
        FontRef::from_index((*self.data).as_ref(), self.index).ok()
    }

    pub(crate) fn has(&self, c: char) -> bool {
        self.font().is_some_and(|font| font.charmap().map(c).is_some())
    }
}

/// The fonts that documents are set in; shared by all threads.
pub struct Fonts {
    regular: Face,
    bold: Face,
    system: OnceLock<System>,
}

/// Which face a piece of text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FaceId {
    Regular,
    Bold,
    System(usize),
}

impl Fonts {
    /// The fonts inside the programme. `None` only if they are broken, which a test rules out.
    pub fn new() -> Option<Self> {
        Some(Self {
            regular: Face::new(Arc::new(notosans::REGULAR_TTF), 0)?,
            bold: Face::new(Arc::new(notosans::BOLD_TTF), 0)?,
            system: OnceLock::new(),
        })
    }

    /// The same without any font of the machine.
    pub fn without_system() -> Option<Self> {
        let fonts = Self::new()?;
        fonts.system.get_or_init(System::none);
        Some(fonts)
    }

    /// The same with the fonts of a folder in place of the machine's.
    pub fn with_folder(folder: &Path) -> Option<Self> {
        let fonts = Self::new()?;
        fonts.system.get_or_init(|| System::of_folder(folder));
        Some(fonts)
    }

    /// Which fonts of the machine there are: the same text, the same documents.
    pub fn identity(&self) -> String {
        self.system.get_or_init(System::new).identity()
    }

    pub(crate) fn face(&self, id: FaceId) -> &Face {
        match id {
            FaceId::Regular => &self.regular,
            FaceId::Bold => &self.bold,
            FaceId::System(at) => {
                self.system.get().and_then(|system| system.face(at)).unwrap_or(&self.regular)
            }
        }
    }

    /// A face of the machine that has the character.
    pub(crate) fn of_system(&self, c: char, bold: bool) -> Option<FaceId> {
        self.system.get_or_init(System::new).find(c, bold).map(FaceId::System)
    }
}
