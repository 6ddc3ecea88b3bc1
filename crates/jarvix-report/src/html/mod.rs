//! One self-contained HTML file: it loads nothing, runs one script that it names by hash, and can
//! be read with scripts off, printed, and mailed.
//!
//! Safety is by type (HOSTILE 42): what comes from outside is [`Shown`](crate::view::Shown), and the
//! template engine escapes every value that it prints. Only the constants of this file and a logo's
//! data are put in as they are.

mod branded;

use std::borrow::Cow;

use askama::Template;

use crate::view::{Piece, View};
use crate::{Brand, ReportError, Summary};

/// The style sheet; [`STYLE_HASH`] names it in the policy.
const STYLE: &str = include_str!("../../templates/report.css");
/// The script; [`SCRIPT_HASH`] names it in the policy.
const SCRIPT: &str = include_str!("../../templates/report.js");
/// SHA-256 of [`STYLE`] in Base64, for the content security policy; a test says what it has to be.
const STYLE_HASH: &str = "sha256-pylR19WY5S7ifzzil63sikJoTboWEUYGpgrIgWa4/Nk=";
/// SHA-256 of [`SCRIPT`], likewise.
const SCRIPT_HASH: &str = "sha256-fzpHX9VKv5Zq76m3WBAPifFVP8K6ss9FnOKntxmC0Tg=";

/// The mark in a browser's tab; without one the browser would ask a server for it.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
    %3Cpath fill='%233d8f96' d='M1 9h4v6H1zM6 5h4v10H6zM11 1h4v14h-4z'/%3E%3C/svg%3E";

/// The report of `summary` as one HTML file, as `brand` says.
pub fn html(summary: &Summary, brand: &Brand) -> Result<String, ReportError> {
    Ok(Page::of(summary, brand).render()?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    style: Cow<'static, str>,
    style_hash: String,
    script: &'static str,
    script_hash: &'static str,
    icon: &'static str,
    logo: Option<branded::Picture>,
    shows: branded::Shows,
    view: View,
}

impl Page {
    fn of(summary: &Summary, brand: &Brand) -> Self {
        let (style, style_hash) = branded::style(brand);
        Self {
            style,
            style_hash,
            script: SCRIPT,
            script_hash: SCRIPT_HASH,
            icon: ICON,
            logo: brand.logo.as_ref().map(branded::Picture::of),
            shows: branded::Shows::of(brand),
            view: View::of(summary, brand),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// Base64 with padding: a policy is the only place that needs it, and only this test makes one.
    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let bits = (0..3)
                .fold(0u32, |bits, i| bits << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
            for i in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize];
                out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
            }
        }
        out
    }

    #[test]
    fn the_policy_names_the_style_and_the_script() {
        for (text, hash) in [(STYLE, STYLE_HASH), (SCRIPT, SCRIPT_HASH)] {
            assert_eq!(hash, format!("sha256-{}", base64(&Sha256::digest(text))));
            assert!(!text.contains("</"), "would end its element");
        }
    }
}
