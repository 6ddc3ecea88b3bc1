//! Whose report it is: title, logo, colours, footer and sections, from a small TOML file.
//!
//! What it refuses to do: take a colour that cannot be read on its ground, a logo that acts or is not
//! whole, or a word that it does not know; each with a reason and a place.

use std::ops::Range;

use jarvix_pdf::{Colour, Logo};
use serde::Deserialize;

/// Longest title or footer, in characters.
const TEXT_CHARS_MAX: usize = 200;
/// The least contrast of text to its ground (WCAG 2.2, 1.4.3).
const CONTRAST_MIN: f64 = 4.5;
/// A part of a report that may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// How scores are spread and what is advised.
    Scores,
    /// The best pages.
    Ranking,
    /// Earlier runs.
    Trends,
    /// Hosts, kinds of page, languages.
    Hosts,
    /// How much the hosts were asked.
    Politeness,
    /// What became of every line.
    Lines,
    /// Pages without a document, rejected lines.
    Failures,
    /// What repeats what.
    Duplicates,
    /// How it was made.
    Method,
}

impl Section {
    /// Every one, in the order of the report.
    pub const ALL: [Self; 9] = [
        Self::Scores,
        Self::Ranking,
        Self::Trends,
        Self::Hosts,
        Self::Politeness,
        Self::Lines,
        Self::Failures,
        Self::Duplicates,
        Self::Method,
    ];

    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Ranking => "ranking",
            Self::Trends => "trends",
            Self::Hosts => "hosts",
            Self::Politeness => "politeness",
            Self::Lines => "lines",
            Self::Failures => "failures",
            Self::Duplicates => "duplicates",
            Self::Method => "method",
        }
    }
}

/// Whose report it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Brand {
    /// The headline in place of the input's name.
    pub title: Option<String>,
    /// A sentence at the foot.
    pub footer: Option<String>,
    /// A picture at the head.
    pub logo: Option<Logo>,
    /// The colour of charts and links on light ground.
    pub accent: Option<Colour>,
    /// The same on dark ground.
    pub accent_dark: Option<Colour>,
    /// What is shown.
    pub sections: Vec<Section>,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            title: None,
            footer: None,
            logo: None,
            accent: None,
            accent_dark: None,
            sections: Section::ALL.to_vec(),
        }
    }
}

/// A fifth of `colour` on `ground`: the colour of large areas.
pub(crate) fn tinted(colour: Colour, ground: Colour) -> Colour {
    let part = |a: u8, b: u8| ((u32::from(a) + 4 * u32::from(b)) / 5) as u8;
    Colour(part(colour.0, ground.0), part(colour.1, ground.1), part(colour.2, ground.2))
}

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{problem}")]
pub struct BrandError {
    /// `line 3, column 5: `, where there is a place.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub help: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    title: Option<toml::Spanned<String>>,
    footer: Option<toml::Spanned<String>>,
    logo: Option<toml::Spanned<String>>,
    accent: Option<toml::Spanned<String>>,
    accent_dark: Option<toml::Spanned<String>>,
    sections: Option<Vec<toml::Spanned<String>>>,
}

/// The text of the file, for errors that name their place.
struct Source<'a>(&'a str);

impl Source<'_> {
    fn refused(
        &self,
        span: Option<Range<usize>>,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> BrandError {
        let place = span.map_or_else(String::new, |span| {
            let before = &self.0[..span.start.min(self.0.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("line {line}, column {column}: ")
        });
        let help = help.into();
        BrandError { place, problem: problem.into(), help: (!help.is_empty()).then_some(help) }
    }

    fn text(&self, text: Option<toml::Spanned<String>>) -> Result<Option<String>, BrandError> {
        let Some(text) = text else { return Ok(None) };
        let (span, text) = (text.span(), text.into_inner().trim().to_owned());
        if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
            let problem = format!("a text has 1 to {TEXT_CHARS_MAX} characters");
            return Err(self.refused(Some(span), problem, "make it shorter, or leave it out"));
        }
        Ok(Some(text))
    }

    fn colour(
        &self,
        text: Option<toml::Spanned<String>>,
        ground: Colour,
        theme: &str,
    ) -> Result<Option<Colour>, BrandError> {
        let Some(text) = text else { return Ok(None) };
        let span = text.span();
        let colour = parsed(text.get_ref()).ok_or_else(|| {
            let problem = format!("{:?} is no colour", text.get_ref());
            self.refused(Some(span.clone()), problem, "write it as \"#0b5a63\"")
        })?;
        let contrast = contrast(colour, ground);
        if contrast < CONTRAST_MIN {
            let problem = format!(
                "{:?} cannot be read on the {theme} ground: its contrast is {contrast:.1}, and {CONTRAST_MIN} is the least",
                text.get_ref()
            );
            let help =
                if theme == "light" { "choose a darker one" } else { "choose a lighter one" };
            return Err(self.refused(Some(span), problem, help));
        }
        Ok(Some(colour))
    }

    fn section(&self, word: &toml::Spanned<String>) -> Result<Section, BrandError> {
        let found = Section::ALL.into_iter().find(|section| section.as_str() == word.get_ref());
        found.ok_or_else(|| {
            let problem = format!("there is no section {:?}", word.get_ref());
            let all = Section::ALL.map(Section::as_str).join(", ");
            self.refused(Some(word.span()), problem, format!("the sections are {all}"))
        })
    }
}

impl Brand {
    /// The ground of the HTML's light theme.
    pub const PAPER_LIGHT: Colour = Colour(0xfc, 0xfb, 0xf8);
    /// The ground of its dark theme.
    pub const PAPER_DARK: Colour = Colour(0x15, 0x18, 0x1b);

    /// Reads a file; `logo` gives the bytes of the picture that it names, or why it cannot.
    pub fn parse(
        text: &str,
        logo: impl FnOnce(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Self, BrandError> {
        let source = Source(text);
        let raw: Raw = toml::from_str(text).map_err(|error| {
            source.refused(
                error.span(),
                error.message().to_owned(),
                "jarvix report --help has an example",
            )
        })?;
        let picture = raw.logo.map(|name| {
            let read = logo(name.get_ref()).map_err(|reason| (reason, String::new()));
            let read = read.and_then(|bytes| {
                Logo::read(&bytes).map_err(|error| (error.problem, error.help.to_owned()))
            });
            read.map_err(|(problem, help)| {
                let problem = format!("the logo {:?} cannot be used: {problem}", name.get_ref());
                source.refused(Some(name.span()), problem, help)
            })
        });
        let sections = match raw.sections {
            Some(words) => {
                words.iter().map(|word| source.section(word)).collect::<Result<_, _>>()?
            }
            None => Section::ALL.to_vec(),
        };
        let accent = source.colour(raw.accent, Brand::PAPER_LIGHT, "light")?;
        let accent_dark = source.colour(raw.accent_dark, Brand::PAPER_DARK, "dark")?;
        Ok(Self {
            title: source.text(raw.title)?,
            footer: source.text(raw.footer)?,
            logo: picture.transpose()?,
            accent,
            accent_dark: accent_dark.or_else(|| accent.map(lightened)),
            sections,
        })
    }

    /// Whether a part is shown.
    pub fn shows(&self, section: Section) -> bool {
        self.sections.contains(&section)
    }
}

fn parsed(text: &str) -> Option<Colour> {
    let digits = text.strip_prefix('#')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // Three digits stand for six, as in CSS.
    let digits = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 => digits.to_owned(),
        _ => return None,
    };
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some(Colour(part(0)?, part(2)?, part(4)?))
}

/// The contrast of two colours (WCAG 2.2): 1 to 21.
fn contrast(a: Colour, b: Colour) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(Colour(red, green, blue): Colour) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { libm::pow((part + 0.055) / 1.055, 2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// The colour, lighter until it can be read on dark ground.
fn lightened(colour: Colour) -> Colour {
    let mixed = |share: u32| {
        let part = |part: u8| (u32::from(part) + (255 - u32::from(part)) * share / 100) as u8;
        Colour(part(colour.0), part(colour.1), part(colour.2))
    };
    let enough = |colour: &Colour| contrast(*colour, Brand::PAPER_DARK) >= CONTRAST_MIN + 1.0;
    (0..=100).step_by(5).map(mixed).find(enough).unwrap_or(Colour::WHITE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Brand, String> {
        let logo = |name: &str| {
            match name {
            "ok.svg" => Ok(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 10'><path fill='#123456' d='M0 0h40v10H0z'/></svg>".to_vec()),
            "script.svg" => Ok(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><script>alert(1)</script><path d='M0 0h4v1z'/></svg>".to_vec()),
            "handler.svg" => Ok(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path onclick='x()' d='M0 0h4v1z'/></svg>".to_vec()),
            "gradient.svg" => Ok(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><linearGradient id='g'><stop stop-color='red'/><stop offset='1' stop-color='blue'/></linearGradient><path fill='url(#g)' d='M0 0h4v4z'/></svg>".to_vec()),
            "empty.svg" => Ok(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'></svg>".to_vec()),
            "cut.png" => Ok(b"\x89PNG\r\n\x1a\n\0\0".to_vec()),
            "huge.png" => Ok([&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0, 1, 0, 0, 0, 0, 0, 9, 8, 6, 0, 0, 0]].concat()),
            "broken.png" => Ok([&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0, 0, 0, 9, 0, 0, 0, 9, 8, 6, 0, 0, 0]].concat()),
            "large.png" => Ok(vec![0; jarvix_pdf::LOGO_BYTES_MAX + 1]),
            "word.docx" => Ok(b"PK\x03\x04".to_vec()),
            _ => Err("no such file".to_owned()),
        }
        };
        Brand::parse(text, logo).map_err(|error| {
            let help = error.help.as_deref().map(|help| format!(" / {help}"));
            format!("{error}{}", help.unwrap_or_default())
        })
    }

    #[test]
    fn a_brand_is_read() {
        let brand = parse("title = 'ACME'\nfooter = 'Internal'\nlogo = 'ok.svg'\naccent = '#7a1fa2'\nsections = ['scores', 'ranking']").expect("right");
        assert_eq!(brand.title.as_deref(), Some("ACME"));
        assert_eq!(brand.accent, Some(Colour(0x7a, 0x1f, 0xa2)));
        let dark = brand.accent_dark.expect("made of it");
        assert!(contrast(dark, Brand::PAPER_DARK) >= CONTRAST_MIN);
        assert!(brand.shows(Section::Ranking) && !brand.shows(Section::Method));
        assert_eq!(brand.logo.expect("there").fitted(80.0, 80.0), (80.0, 20.0));
        assert_eq!(parse("").expect("nothing is right"), Brand::default());
        let short = parse("accent = '#406'").expect("three digits");
        assert_eq!(short.accent, Some(Colour(0x44, 0x00, 0x66)));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_reason_and_a_place() {
        let cases = [
            (
                "accent = 'teal'",
                "line 1, column 10: \"teal\" is no colour / write it as \"#0b5a63\"",
            ),
            (
                "accent = '#+a+b+c'",
                "line 1, column 10: \"#+a+b+c\" is no colour / write it as \"#0b5a63\"",
            ),
            (
                "\naccent = '#ffee00'",
                "line 2, column 10: \"#ffee00\" cannot be read on the light ground: its contrast is 1.2, and 4.5 is the least / choose a darker one",
            ),
            (
                "accent_dark = '#101010'",
                "line 1, column 15: \"#101010\" cannot be read on the dark ground: its contrast is 1.1, and 4.5 is the least / choose a lighter one",
            ),
            (
                "sections = ['scores', 'top']",
                "line 1, column 23: there is no section \"top\" / the sections are scores, ranking, trends, hosts, politeness, lines, failures, duplicates, method",
            ),
            (
                "title = ''",
                "line 1, column 9: a text has 1 to 200 characters / make it shorter, or leave it out",
            ),
        ];
        are_refused(&cases);
        let unknown = parse("colour = 'x'").expect_err("unknown");
        assert!(unknown.starts_with("line 1, column 1: unknown field `colour`"), "{unknown}");
    }

    #[test]
    fn logos_that_act_or_are_none_are_refused() {
        let cases = [
            (
                "logo = 'handler.svg'",
                "line 1, column 8: the logo \"handler.svg\" cannot be used: it has the handler onclick in it / give an SVG of plain shapes, or a PNG",
            ),
            (
                "logo = 'none.png'",
                "line 1, column 8: the logo \"none.png\" cannot be used: no such file",
            ),
            (
                "logo = 'script.svg'",
                "line 1, column 8: the logo \"script.svg\" cannot be used: it has a <script> in it / give an SVG of plain shapes, or a PNG",
            ),
            (
                "logo = 'gradient.svg'",
                "line 1, column 8: the logo \"gradient.svg\" cannot be used: it has a gradient or a pattern in it / give an SVG of plain shapes, or a PNG",
            ),
            (
                "logo = 'empty.svg'",
                "line 1, column 8: the logo \"empty.svg\" cannot be used: there is no shape in it / give an SVG of plain shapes, or a PNG",
            ),
            (
                "logo = 'cut.png'",
                "line 1, column 8: the logo \"cut.png\" cannot be used: its header is cut off / give a PNG of at most 4,096 by 4,096 pixels",
            ),
            (
                "logo = 'huge.png'",
                "line 1, column 8: the logo \"huge.png\" cannot be used: it has 65536 by 9 pixels / give a PNG of at most 4,096 by 4,096 pixels",
            ),
            (
                "logo = 'large.png'",
                "line 1, column 8: the logo \"large.png\" cannot be used: it has 524289 bytes / a logo has at most 512 KiB: make it smaller",
            ),
            (
                "logo = 'word.docx'",
                "line 1, column 8: the logo \"word.docx\" cannot be used: it is neither PNG nor SVG / give a PNG or an SVG",
            ),
        ];
        are_refused(&cases);
        assert!(
            parse("logo = 'broken.png'").expect_err("broken").contains("cannot be read as PNG")
        );
    }

    fn are_refused(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(parse(text).expect_err(text), *expected, "{text}");
        }
    }
}
