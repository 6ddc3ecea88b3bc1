//! The full ranking as CSV (RFC 4180), row by row, for spreadsheets and data frames.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (HOSTILE 43), so such a text
//! gets an apostrophe in front. Numbers that Jarvix computed stay numbers, negative ones too.

use std::io::Write;

use crate::{Milli, ReportError, escape};

const FIXED_COLUMNS: [&str; 12] = [
    "rank",
    "url",
    "score",
    "action",
    "title",
    "host",
    "language",
    "page_type",
    "word_count",
    "published",
    "reason",
    "duplicate_of",
];

/// A row of the full ranking, for the CSV: streamed, never all in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RankedRow {
    /// Its place, from 1.
    pub rank: u64,
    /// Canonical URL.
    pub url: String,
    /// Score, 0 to 100.
    pub score: Milli,
    /// What the profile advises.
    pub action: String,
    /// Title of the document.
    pub title: Option<String>,
    /// Host of the URL.
    pub host: String,
    /// Language, as a code.
    pub language: Option<String>,
    /// Kind of page.
    pub page_type: Option<String>,
    /// Words of the main text.
    pub word_count: Option<u64>,
    /// Publication date as ISO 8601.
    pub published: Option<String>,
    /// Why, in one line of words.
    pub reason: String,
    /// The page that this one repeats.
    pub duplicate_of: Option<String>,
    /// Points of each signal, in the order of the header's signals.
    pub signals: Vec<Option<Milli>>,
    /// The other columns of the input line, as a JSON object.
    pub input_meta: Option<String>,
}

/// Writes the ranking one row at a time; what it holds does not grow with the rows.
pub struct RankingCsv<W: Write> {
    out: ::csv::Writer<W>,
    rows: u64,
}

impl<W: Write> RankingCsv<W> {
    /// Writes the header: the fixed columns, `signal_<name>` for each of `signals`, `input_meta`.
    pub fn new(out: W, signals: &[String]) -> Result<Self, ReportError> {
        let mut out =
            ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
        let header = FIXED_COLUMNS
            .iter()
            .map(|name| (*name).to_owned())
            .chain(signals.iter().map(|name| format!("signal_{name}")))
            .chain(["input_meta".to_owned()]);
        out.write_record(header.map(|name| text(&name)))
            .map_err(|source| ReportError::Csv { row: 0, source })?;
        Ok(Self { out, rows: 0 })
    }

    /// Writes one row; it has as many signals as the header.
    pub fn write(&mut self, row: &RankedRow) -> Result<(), ReportError> {
        self.write_cells(row).map_err(|source| ReportError::Csv { row: row.rank, source })?;
        self.rows += 1;
        Ok(())
    }

    fn write_cells(&mut self, row: &RankedRow) -> Result<(), ::csv::Error> {
        let out = &mut self.out;
        let optional = |value: &Option<String>| value.as_deref().map(text).unwrap_or_default();
        out.write_field(row.rank.to_string())?;
        out.write_field(text(&row.url))?;
        out.write_field(row.score.to_string())?;
        out.write_field(text(&row.action))?;
        out.write_field(optional(&row.title))?;
        out.write_field(text(&row.host))?;
        out.write_field(optional(&row.language))?;
        out.write_field(optional(&row.page_type))?;
        out.write_field(row.word_count.map(|n| n.to_string()).unwrap_or_default())?;
        out.write_field(optional(&row.published))?;
        out.write_field(text(&row.reason))?;
        out.write_field(optional(&row.duplicate_of))?;
        for points in &row.signals {
            out.write_field(points.as_ref().map(Milli::to_string).unwrap_or_default())?;
        }
        let meta = row.input_meta.as_deref().map(escape::visible_json).unwrap_or_default();
        out.write_field(neutralised(meta))?;
        out.write_record(None::<&[u8]>)
    }

    /// Flushes what is buffered; the rows that were written, header not counted.
    pub fn finish(mut self) -> Result<u64, ReportError> {
        self.out
            .flush()
            .map_err(|error| ReportError::Csv { row: self.rows, source: error.into() })?;
        Ok(self.rows)
    }
}

/// Writes `rows` as CSV to `out`; how many there were. See [`RankingCsv`].
pub fn csv(
    signals: &[String],
    rows: impl Iterator<Item = RankedRow>,
    out: &mut dyn Write,
) -> Result<u64, ReportError> {
    let mut ranking = RankingCsv::new(out, signals)?;
    for row in rows {
        ranking.write(&row)?;
    }
    ranking.finish()
}

/// A text as a cell: one line, visible, and no formula.
fn text(text: &str) -> String {
    neutralised(escape::visible(text))
}

/// A text that no spreadsheet takes for a formula.
pub fn neutralised(cell: String) -> String {
    // The full-width forms count too: some locales of spreadsheets read them as the plain ones.
    let formula = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
    };
    if cell.starts_with(formula) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(signals: &[String], rows: Vec<RankedRow>) -> String {
        let mut out = Vec::new();
        csv(signals, rows.into_iter(), &mut out).expect("writes to memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn no_rows_is_a_header() {
        let header = "rank,url,score,action,title,host,language,page_type,word_count,published,\
                      reason,duplicate_of,signal_length,input_meta\r\n";
        assert_eq!(written(&["length".to_owned()], vec![]), header);
    }

    #[test]
    fn a_row_with_other_signals_than_the_header_is_refused() {
        let row = RankedRow { rank: 7, signals: vec![None, None], ..RankedRow::default() };
        let error = csv(&[], std::iter::once(row), &mut Vec::new()).expect_err("refused");
        assert!(error.to_string().starts_with("write row 7 of the ranking"), "{error}");
    }

    #[test]
    fn quotes_and_numbers() {
        let row = RankedRow {
            rank: 1,
            url: "https://example.org/?a=1,2".to_owned(),
            score: Milli(87_125),
            title: Some("He said \"no\"\n=1+1".to_owned()),
            reason: "\t=HYPERLINK(\"http://x\")".to_owned(),
            signals: vec![Some(Milli(-3_500))],
            input_meta: Some(r#"{"note":"a,b"}"#.to_owned()),
            ..RankedRow::default()
        };
        let csv = written(&["length".to_owned()], vec![row]);
        let expected = "1,\"https://example.org/?a=1,2\",87.125,,\"He said \"\"no\"\" =1+1\",,,,,,\
            \"'=HYPERLINK(\"\"http://x\"\")\",,-3.500,\"{\"\"note\"\":\"\"a,b\"\"}\"";
        assert_eq!(csv.lines().nth(1), Some(expected));
    }

    proptest! {
        #[test]
        fn no_text_cell_is_a_formula(
            texts in proptest::collection::vec("[=+@\t\r\n \u{feff}\u{200b}＝-]{0,3}(?s).{0,12}", 6),
        ) {
            let row = RankedRow {
                rank: 1,
                url: texts[0].clone(),
                action: texts[1].clone(),
                title: Some(texts[2].clone()),
                host: texts[3].clone(),
                reason: texts[4].clone(),
                input_meta: Some(texts[5].clone()),
                ..RankedRow::default()
            };
            let csv = written(&[], vec![row]);
            let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
            let records: Vec<_> = reader.records().collect::<Result<_, _>>().expect("reads back");
            prop_assert_eq!(records.len(), 1);
            prop_assert_eq!(records[0].len(), FIXED_COLUMNS.len() + 1);
            for cell in records[0].iter() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{cell:?}");
            }
        }
    }
}
