//! Writes one of the fixtures as a report, to look at it:
//! `cargo run -p jarvix-report --example fixture -- typical out.html` (or `.pdf`, `.json`, `.txt`).
//! It knows the fixtures by name, and takes the `summary.json` of a run.

use std::error::Error;
use std::path::PathBuf;

#[path = "../tests/it/fixtures/mod.rs"]
mod fixtures;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(path)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        return Err(format!("give a fixture ({}) and a file", fixtures::NAMES.join(", ")).into());
    };
    let summary = match fixtures::named(&name) {
        Some(summary) => summary,
        None if name.ends_with(".json") => serde_json::from_str(&std::fs::read_to_string(name)?)?,
        None => return Err(format!("no fixture {name:?}").into()),
    };
    if path.extension().is_some_and(|extension| extension == "pdf") {
        let brand = jarvix_report::Brand::default();
        let fonts = jarvix_pdf::Fonts::new().ok_or("no fonts")?;
        let mut setter = jarvix_pdf::Typesetter::new(std::sync::Arc::new(fonts));
        std::fs::write(
            path,
            jarvix_report::pdf(&summary, jarvix_pdf::Paper::A4, &brand, &mut setter)?,
        )?;
        return Ok(());
    }
    let text = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => jarvix_report::json(&summary),
        Some("txt") => {
            let style = jarvix_report::text::Style { color: true, ..Default::default() };
            let ranking = jarvix_report::text::ranking(&summary, style);
            format!("{ranking}\n{}\n", jarvix_report::text::outcome_line(&summary))
        }
        _ => jarvix_report::html(&summary, &jarvix_report::Brand::default())?,
    };
    std::fs::write(path, text)?;
    Ok(())
}
