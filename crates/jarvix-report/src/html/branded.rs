//! A brand in HTML: its colours as a few lines of style that the policy names by hash, its logo as data
//! in the page, and which parts are shown.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jarvix_pdf::{Colour, Logo};
use sha2::{Digest, Sha256};

use super::{STYLE, STYLE_HASH};
use crate::brand::tinted;
use crate::{Brand, Section};

/// The largest room of a logo on the page, in pixels.
const LOGO_WIDTH_MAX: f32 = 240.0;
const LOGO_HEIGHT_MAX: f32 = 72.0;

/// A logo as it stands in the page: nothing is loaded, and nothing in it acts.
pub(crate) struct Picture {
    pub(crate) data: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Picture {
    pub(crate) fn of(logo: &Logo) -> Self {
        let (width, height) = logo.fitted(LOGO_WIDTH_MAX, LOGO_HEIGHT_MAX);
        let data = format!("data:{};base64,{}", logo.media_type(), STANDARD.encode(logo.source()));
        Self { data, width: width.round() as u32, height: height.round() as u32 }
    }
}

/// Which parts are shown.
pub(crate) struct Shows {
    pub(crate) scores: bool,
    pub(crate) ranking: bool,
    pub(crate) trends: bool,
    pub(crate) hosts: bool,
    pub(crate) politeness: bool,
    pub(crate) lines: bool,
    pub(crate) failures: bool,
    pub(crate) duplicates: bool,
    pub(crate) method: bool,
}

impl Shows {
    pub(crate) fn of(brand: &Brand) -> Self {
        Self {
            scores: brand.shows(Section::Scores),
            ranking: brand.shows(Section::Ranking),
            trends: brand.shows(Section::Trends),
            hosts: brand.shows(Section::Hosts),
            politeness: brand.shows(Section::Politeness),
            lines: brand.shows(Section::Lines),
            failures: brand.shows(Section::Failures),
            duplicates: brand.shows(Section::Duplicates),
            method: brand.shows(Section::Method),
        }
    }
}

/// The style sheet and its hash for the policy.
pub(crate) fn style(brand: &Brand) -> (Cow<'static, str>, String) {
    let (Some(light), Some(dark)) = (brand.accent, brand.accent_dark) else {
        return (Cow::Borrowed(STYLE), STYLE_HASH.to_owned());
    };
    let (soft_light, soft_dark) =
        (tinted(light, Brand::PAPER_LIGHT), tinted(dark, Brand::PAPER_DARK));
    let style = format!(
        "{STYLE}:root{{--accent:{0};--soft:{2}}}\n\
         @supports (color: light-dark(red, red)){{:root{{--accent:light-dark({0},{1});--soft:light-dark({2},{3})}}}}\n",
        hex(light),
        hex(dark),
        hex(soft_light),
        hex(soft_dark),
    );
    let hash = format!("sha256-{}", STANDARD.encode(Sha256::digest(&style)));
    (Cow::Owned(style), hash)
}

fn hex(Colour(red, green, blue): Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
