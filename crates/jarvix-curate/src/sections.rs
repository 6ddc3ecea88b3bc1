//! A text's parts between its headings, as places in the text.

use jarvix_core::Section;

/// Sections that are kept of one text.
const SECTIONS_MAX: usize = 2_000;

/// The parts of `text`, a paragraph a line, whose `headings` stand in it as lines of their own, in
/// order. Places count characters; the parts have no gaps between them.
pub(crate) fn of(text: &str, headings: &[(u8, String)]) -> Vec<Section> {
    let mut waiting = headings.iter().peekable();
    let mut sections: Vec<Section> = Vec::new();
    let mut at = 0u32;
    for line in text.split_inclusive('\n') {
        let found = waiting.peek().filter(|(_, heading)| heading == line.trim_end_matches('\n'));
        if let Some((level, heading)) = found
            && sections.len() < SECTIONS_MAX
        {
            sections.push(Section { level: *level, heading: heading.clone(), start: at, end: at });
            waiting.next();
        } else if sections.is_empty() {
            sections.push(Section { level: 0, heading: String::new(), start: 0, end: 0 });
        }
        at = at.saturating_add(u32::try_from(line.chars().count()).unwrap_or(u32::MAX));
        if let Some(open) = sections.last_mut() {
            open.end = at;
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_text_without_gaps() {
        let text = "Grüße\nHead\nOne.\nTwo.\nNext\nThree.";
        let headings = [(1, "Head".to_owned()), (2, "Next".to_owned()), (2, "Gone".to_owned())];
        let found = of(text, &headings);
        let parts: Vec<_> =
            found.iter().map(|s| (s.level, s.heading.as_str(), s.start, s.end)).collect();
        assert_eq!(parts, [(0, "", 0, 6), (1, "Head", 6, 21), (2, "Next", 21, 32)]);
        assert_eq!(found.last().map(|s| s.end as usize), Some(text.chars().count()));
        assert!(of("", &headings).is_empty());
        assert_eq!(of("Only text", &[]).len(), 1);
    }
}
