//! `url_part(url, part)`: one part of a URL, by name. A name that there is not is an error when the
//! query is planned, so that no row can bring it up later.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use url::Url;

use crate::functions::columnar;

/// The parts, as a query names them.
const PARTS: &str =
    "scheme, host, port, path, query, fragment, file, extension, segment:N, param:NAME";

/// The function.
pub(crate) fn url_part() -> ScalarUDF {
    let signature = Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable);
    ScalarUDF::from(UrlPart { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UrlPart {
    signature: Signature,
}

impl ScalarUDFImpl for UrlPart {
    fn name(&self) -> &str {
        "url_part"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        if let Some(Some(ScalarValue::Utf8(Some(name)))) = args.scalar_arguments.get(1)
            && Part::parse(name).is_none()
        {
            return plan_err!("url_part knows no part '{name}'; the parts are: {PARTS}");
        }
        Ok(Arc::new(Field::new(self.name(), DataType::Utf8, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        columnar(&args.args, |columns| {
            let (urls, names) = (columns[0].as_string::<i32>(), columns[1].as_string::<i32>());
            let part = |row: usize| {
                let both = urls.is_valid(row) && names.is_valid(row);
                let part = Part::parse(names.value(row)).filter(|_| both)?;
                part.of(&Url::parse(urls.value(row)).ok()?)
            };
            Ok(Arc::new((0..urls.len()).map(part).collect::<StringArray>()))
        })
    }
}

/// A part of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Scheme,
    Host,
    Port,
    Path,
    Query,
    Fragment,
    /// The last segment of the path.
    File,
    /// What stands behind the last dot of the file.
    Extension,
    /// A segment of the path, from 1; below zero from its end.
    Segment(i64),
    /// A parameter of the query.
    Param(&'a str),
}

impl<'a> Part<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        Some(match name {
            "scheme" => Self::Scheme,
            "host" => Self::Host,
            "port" => Self::Port,
            "path" => Self::Path,
            "query" => Self::Query,
            "fragment" => Self::Fragment,
            "file" => Self::File,
            "extension" => Self::Extension,
            _ => match name.split_once(':')? {
                ("segment", number) => Self::Segment(number.parse().ok().filter(|n| *n != 0)?),
                ("param", name) if !name.is_empty() => Self::Param(name),
                _ => return None,
            },
        })
    }

    /// This part of `url`; nothing where it has none.
    fn of(self, url: &Url) -> Option<String> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match self {
            Self::Scheme => text(url.scheme()),
            Self::Host => url.host_str().and_then(text),
            Self::Port => url.port_or_known_default().map(|port| port.to_string()),
            Self::Path => text(url.path()),
            Self::Query => url.query().and_then(text),
            Self::Fragment => url.fragment().and_then(text),
            Self::File => url.path_segments()?.next_back().and_then(text),
            Self::Extension => {
                let (stem, extension) = url.path_segments()?.next_back()?.rsplit_once('.')?;
                text(extension).filter(|_| !stem.is_empty()).map(|e| e.to_ascii_lowercase())
            }
            Self::Segment(number) => {
                let mut segments = url.path_segments()?.filter(|segment| !segment.is_empty());
                let steps = usize::try_from(number.unsigned_abs()).ok()? - 1;
                let found = if number > 0 { segments.nth(steps) } else { segments.nth_back(steps) };
                found.and_then(text)
            }
            Self::Param(name) => {
                url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_url_and_none_of_what_is_not_there() {
        let url = "https://User@shop.example.org:8443/de/Shoes/red.HTML?size=42&q=a%20b#top";
        let cases = [
            ("scheme", Some("https")),
            ("host", Some("shop.example.org")),
            ("port", Some("8443")),
            ("path", Some("/de/Shoes/red.HTML")),
            ("query", Some("size=42&q=a%20b")),
            ("fragment", Some("top")),
            ("file", Some("red.HTML")),
            ("extension", Some("html")),
            ("segment:1", Some("de")),
            ("segment:-1", Some("red.HTML")),
            ("segment:4", None),
            ("segment:-4", None),
            ("param:q", Some("a b")),
            ("param:none", None),
        ];
        let parsed = Url::parse(url).expect("a URL");
        for (name, expected) in cases {
            let part = Part::parse(name).expect(name);
            assert_eq!(part.of(&parsed).as_deref(), expected, "{name}");
        }
        let bare = Url::parse("http://example.org/").expect("a URL");
        for name in ["query", "fragment", "file", "extension", "segment:1"] {
            assert_eq!(Part::parse(name).expect(name).of(&bare), None, "{name}");
        }
        assert_eq!(Part::Port.of(&bare).as_deref(), Some("80"));
        for wrong in ["", "Host", "segment", "segment:0", "segment:x", "param:", "tld"] {
            assert_eq!(Part::parse(wrong), None, "{wrong}");
        }
    }
}
