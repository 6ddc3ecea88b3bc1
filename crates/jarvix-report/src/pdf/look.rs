//! Colours and sizes of the PDF: those of the HTML in its light theme.

use jarvix_pdf::{Colour, Figure, Logo, Pattern, Shape, Style};

use crate::Brand;
use crate::brand::tinted;

/// The colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) ink: Colour,
    pub(super) muted: Colour,
    pub(super) accent: Colour,
    /// The accent's colour for large areas.
    pub(super) tint: Colour,
    pub(super) rule: Colour,
    pub(super) loss: Colour,
}

impl Look {
    /// The colours of a brand.
    pub(super) fn of(brand: &Brand) -> Self {
        let accent = brand.accent.unwrap_or(Colour(0x0b, 0x5a, 0x63));
        Self {
            ink: Colour(0x1d, 0x1e, 0x20),
            muted: Colour(0x5a, 0x5d, 0x63),
            accent,
            tint: tinted(accent, Colour::WHITE),
            rule: Colour(0xdc, 0xd7, 0xcc),
            loss: Colour(0x9c, 0x3b, 0x1b),
        }
    }
}

/// Most room that a logo takes.
const LOGO_WIDTH_MAX: f32 = 180.0;
const LOGO_HEIGHT_MAX: f32 = 56.0;

/// Height of the band at the top of the cover, with the room below it.
const BAND: f32 = 16.0;

impl Look {
    fn style(self, size: f32, bold: bool, colour: Colour) -> Style {
        let _ = self;
        Style { size, bold, colour }
    }

    pub(super) fn title(self) -> Style {
        self.style(27.0, true, self.ink)
    }

    pub(super) fn heading(self) -> Style {
        self.style(15.0, true, self.ink)
    }

    pub(super) fn part(self) -> Style {
        self.style(10.5, true, self.ink)
    }

    pub(super) fn overline(self) -> Style {
        self.style(9.5, true, self.accent)
    }

    pub(super) fn lead(self) -> Style {
        self.style(12.0, false, self.ink)
    }

    pub(super) fn alarm(self) -> Style {
        self.style(10.0, true, self.loss)
    }

    pub(super) fn figure(self) -> Style {
        self.style(20.0, true, self.accent)
    }

    pub(super) fn text(self) -> Style {
        self.style(8.5, false, self.ink)
    }

    pub(super) fn strong(self) -> Style {
        self.style(8.5, true, self.ink)
    }

    pub(super) fn link(self) -> Style {
        self.style(8.5, true, self.accent)
    }

    pub(super) fn soft(self) -> Style {
        self.style(8.5, false, self.muted)
    }

    pub(super) fn small(self) -> Style {
        self.style(7.5, false, self.muted)
    }

    pub(super) fn address(self) -> Style {
        self.style(7.5, false, self.accent)
    }

    pub(super) fn head(self) -> Style {
        self.style(8.0, true, self.muted)
    }

    /// How the area of an action is filled, by its place in the profile's order.
    pub(super) fn tone(self, tone: usize) -> (Colour, Pattern) {
        match tone {
            0 => (self.accent, Pattern::Solid),
            1 => (self.accent, Pattern::Hatched),
            2 => (self.muted, Pattern::Dotted),
            _ => (self.muted, Pattern::Outline),
        }
    }

    /// The band at the top of the cover.
    pub(super) fn band(self, width: f32) -> Figure {
        let (x, y, height, colour) = (0.0, 0.0, 4.0, self.ink);
        let band = Shape::Rect { x, y, width, height, colour, pattern: Pattern::Solid };
        Figure { width, height: BAND, shapes: vec![band], alt: String::new() }
    }

    /// The logo of whoever the report is from.
    pub(super) fn logo(self, logo: &Logo, title: &str) -> Figure {
        let (width, height) = logo.fitted(LOGO_WIDTH_MAX, LOGO_HEIGHT_MAX);
        let picture = Shape::Logo { x: 0.0, y: 0.0, width, logo: logo.clone() };
        let alt = format!("Logo of {title}");
        Figure { width, height: height + 10.0, shapes: vec![picture], alt }
    }

    /// The mark of an action.
    pub(super) fn swatch(self, tone: usize, size: f32) -> Shape {
        let (colour, pattern) = self.tone(tone);
        Shape::Rect { x: 0.5, y: 0.5, width: size, height: size, colour, pattern }
    }
}
