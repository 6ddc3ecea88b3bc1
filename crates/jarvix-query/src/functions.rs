//! The SQL functions that know about the web and about scores: few, pure, and the same on every
//! machine. Refuses anything that depends on a clock, on randomness or on the network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Decimal128Array, DictionaryArray, Float64Array,
    Int32Array, StringArray,
};
use datafusion::arrow::buffer::ScalarBuffer;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, create_udf,
};

use crate::json::json_as_text;
use crate::similarity::similarity;
use crate::url_part::url_part;

/// Digits of a score and of each contribution, and how many of them stand behind the point.
pub(crate) const SCORE_DECIMAL: (u8, i8) = (9, 3);

/// The functions that a session offers beyond the engine's own: how they are called, and what they
/// give.
pub const FUNCTIONS: &[(&str, &str)] = &[
    ("host(url)", "the host of a URL; null where it has none"),
    (
        "registrable_domain(url)",
        "the domain that someone registered, by the public suffix list (`a.b.co.uk` gives \
         `b.co.uk`); the host itself where it has none (addresses, `localhost`)",
    ),
    (
        "url_part(url, part)",
        "one part of a URL: `scheme`, `host`, `port`, `path`, `query`, `fragment`, `file`, \
         `extension`, `segment:N` (from 1, from the end below zero) or `param:NAME`; null where \
         there is none",
    ),
    (
        "json_as_text(json, key)",
        "a field of a JSON object as text, such as a column of your list in `input_meta`; null where \
         there is none",
    ),
    ("similarity(a, b)", "the share of runs of five words that two texts have in common, 0 to 1"),
    (
        "curve(x, x0, y0, x1, y1, ...)",
        "straight lines through the points, flat beyond both ends; null where `x` is no finite \
         number",
    ),
    (
        "points(share, weight)",
        "`share`, held between 0 and 1, times `weight`, rounded once to thousandths; null where \
         `share` is no finite number",
    ),
];

/// The name of the function that draws straight lines between points.
pub(crate) const CURVE: &str = "curve";

/// Every function that a session offers beyond the engine's own.
pub(crate) fn all() -> Vec<ScalarUDF> {
    vec![
        text_function("host", host),
        text_function("registrable_domain", domain),
        url_part(),
        json_as_text(),
        similar(),
        points(),
        curve(),
        square_root(),
    ]
}

/// `sqrt(x)` in place of the engine's, which ends the query at the first number below zero.
fn square_root() -> ScalarUDF {
    let body = |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let numbers = columns[0].as_primitive::<Float64Type>();
            let root = |x: f64| (x >= 0.0).then(|| x.sqrt());
            let result: Float64Array = numbers.iter().map(|x| x.and_then(root)).collect();
            Ok(Arc::new(result))
        })
    };
    let number = vec![DataType::Float64];
    create_udf("sqrt", number, DataType::Float64, Volatility::Immutable, Arc::new(body))
}

/// `similarity(a, b)`; null where either is.
fn similar() -> ScalarUDF {
    let body = |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let (a, b) = (columns[0].as_string::<i32>(), columns[1].as_string::<i32>());
            let both = a.iter().zip(b.iter());
            let result: Float64Array = both.map(|(a, b)| Some(similarity(a?, b?))).collect();
            Ok(Arc::new(result))
        })
    };
    let texts = vec![DataType::Utf8, DataType::Utf8];
    create_udf("similarity", texts, DataType::Float64, Volatility::Immutable, Arc::new(body))
}

/// A function from one text to a text or nothing.
fn text_function(name: &str, f: fn(&str) -> Option<String>) -> ScalarUDF {
    let body = move |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let texts = columns[0].as_string::<i32>();
            let result: StringArray = texts.iter().map(|text| text.and_then(f)).collect();
            Ok(Arc::new(result))
        })
    };
    create_udf(name, vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, Arc::new(body))
}

/// Runs `body` on columns of equal length; gives a scalar back when every argument was one.
pub(crate) fn columnar(
    args: &[ColumnarValue],
    body: impl FnOnce(&[ArrayRef]) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    let all_scalar = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let result = body(&ColumnarValue::values_to_arrays(args)?)?;
    if all_scalar && result.len() == 1 {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
    }
    Ok(ColumnarValue::Array(result))
}

fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    url.host_str().filter(|host| !host.is_empty()).map(str::to_owned)
}

fn domain(url: &str) -> Option<String> {
    let host = host(url)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Some(host);
    }
    match psl::domain_str(&host) {
        Some(domain) => Some(domain.to_owned()),
        None => Some(host),
    }
}

fn points() -> ScalarUDF {
    let (precision, scale) = SCORE_DECIMAL;
    let body = |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let shares = columns[0].as_primitive::<Float64Type>();
            let weights = columns[1].as_primitive::<Float64Type>();
            let unscaled: Vec<Option<i32>> = match (shares.null_count(), weights.null_count()) {
                (0, 0) => {
                    let both = shares.values().iter().zip(weights.values());
                    both.map(|(share, weight)| thousandths(*share, *weight)).collect()
                }
                _ => {
                    let both = shares.iter().zip(weights.iter());
                    both.map(|(share, weight)| thousandths(share?, weight?)).collect()
                }
            };
            let unknown = unscaled.iter().any(Option::is_none);
            let nulls = unknown.then(|| unscaled.iter().map(Option::is_some).collect());
            let values: ScalarBuffer<i128> =
                unscaled.into_iter().map(|value| i128::from(value.unwrap_or(0))).collect();
            let array = Decimal128Array::new(values, nulls);
            Ok(Arc::new(array.with_precision_and_scale(SCORE_DECIMAL.0, SCORE_DECIMAL.1)?))
        })
    };
    create_udf(
        "points",
        vec![DataType::Float64, DataType::Float64],
        DataType::Decimal128(precision, scale),
        Volatility::Immutable,
        Arc::new(body),
    )
}

/// One contribution in thousandths of a point. This is the one place where it is rounded: half
/// away from zero, after the product.
fn thousandths(share: f64, weight: f64) -> Option<i32> {
    // A float-to-integer cast holds the value within the integer's range.
    let points = (share.clamp(0.0, 1.0) * weight * 1000.0).round() as i32;
    (share.is_finite() && weight.is_finite()).then_some(points)
}

fn curve() -> ScalarUDF {
    ScalarUDF::from(Curve {
        signature: Signature::variadic(vec![DataType::Float64], Volatility::Immutable),
    })
}

/// `curve(x, x0, y0, x1, y1, ...)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Curve {
    signature: Signature,
}

impl ScalarUDFImpl for Curve {
    fn name(&self) -> &str {
        CURVE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        if arguments.len() < 5 || arguments.len().is_multiple_of(2) {
            return plan_err!(
                "curve takes a value and at least two points: curve(x, x0, y0, x1, y1, ...)"
            );
        }
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (Some(x), Some(points)) = (args.args.first(), args.args.get(1..)) else {
            return exec_err!("curve needs arguments");
        };
        let points = match numbers(points).as_deref().map(curve_points) {
            Some(Ok(points)) => points,
            Some(Err(problem)) => return exec_err!("{problem}"),
            None => return exec_err!("the points of a curve must be numbers"),
        };
        columnar(std::slice::from_ref(x), |columns| {
            let values = columns[0].as_primitive::<Float64Type>();
            let result: Float64Array =
                values.iter().map(|x| x.and_then(|x| on_curve(x, &points))).collect();
            Ok(Arc::new(result))
        })
    }
}

fn numbers(args: &[ColumnarValue]) -> Option<Vec<f64>> {
    let number = |arg: &ColumnarValue| match arg {
        ColumnarValue::Scalar(ScalarValue::Float64(value)) => *value,
        _ => None,
    };
    args.iter().map(number).collect()
}

/// The points of a curve from x0, y0, x1, y1, ...; else what is wrong with them.
pub(crate) fn curve_points(numbers: &[f64]) -> std::result::Result<Vec<(f64, f64)>, &'static str> {
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err("the points of a curve must be finite");
    }
    let points: Vec<(f64, f64)> = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if points.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err("the points of a curve must go from left to right");
    }
    Ok(points)
}

fn on_curve(x: f64, points: &[(f64, f64)]) -> Option<f64> {
    if !x.is_finite() {
        return None;
    }
    let right = points.partition_point(|(px, _)| *px <= x);
    match (right.checked_sub(1).and_then(|left| points.get(left)), points.get(right)) {
        (Some((x0, y0)), Some((x1, y1))) => Some(y0 + (y1 - y0) * ((x - x0) / (x1 - x0))),
        (Some((_, y)), None) | (None, Some((_, y))) => Some(*y),
        (None, None) => None,
    }
}

/// How a stage puts a row into words without knowing the engine: what a function made by
/// [`Session::define_row_words`](crate::Session::define_row_words) asks.
pub trait RowWords: Send + Sync {
    /// The number of the sentence for a row, given its first argument and its decimals in thousandths
    /// (nulls as 0).
    fn number(&self, first: i64, decimals: &[i64]) -> u64;

    /// The sentence of that number.
    fn sentence(&self, number: u64) -> String;
}

/// A function from a whole number and `columns` score decimals to one of a few sentences: a
/// dictionary, because rows are many and sentences few.
pub(crate) fn row_words(name: &str, columns: usize, words: Arc<dyn RowWords>) -> ScalarUDF {
    let body = move |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let (firsts, decimals) = (columns[0].as_primitive::<Int64Type>(), &columns[1..]);
            let decimals: Vec<&Decimal128Array> =
                decimals.iter().map(|column| column.as_primitive::<Decimal128Type>()).collect();
            let mut values = vec![0i64; decimals.len()];
            let (mut known, mut sentences) = (HashMap::new(), Vec::new());
            let mut keys = Vec::with_capacity(firsts.len());
            for (row, first) in firsts.values().iter().enumerate() {
                for (value, column) in values.iter_mut().zip(&decimals) {
                    let unscaled = if column.is_null(row) { 0 } else { column.value(row) };
                    *value = i64::try_from(unscaled).unwrap_or_default();
                }
                let number = words.number(*first, &values);
                keys.push(*known.entry(number).or_insert_with(|| {
                    sentences.push(words.sentence(number));
                    // A batch has no more rows than that.
                    i32::try_from(sentences.len() - 1).unwrap_or(i32::MAX)
                }));
            }
            let sentences = Arc::new(StringArray::from(sentences));
            Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), sentences)?))
        })
    };
    let decimal = DataType::Decimal128(SCORE_DECIMAL.0, SCORE_DECIMAL.1);
    let mut arguments = vec![DataType::Int64];
    arguments.resize(columns + 1, decimal);
    let sentence = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    create_udf(name, arguments, sentence, Volatility::Immutable, Arc::new(body))
}

/// What a function made by [`Session::define_text_match`](crate::Session::define_text_match) calls for
/// every row: two texts and a number, each of which may be null.
pub type TextMatch =
    Arc<dyn Fn(Option<&str>, Option<&str>, Option<f64>) -> Option<f64> + Send + Sync>;

/// A function from two texts and a number to a number: how a stage looks into texts without knowing the
/// engine.
pub(crate) fn text_match(name: &str, matched: TextMatch) -> ScalarUDF {
    let body = move |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let (a, b) = (columns[0].as_string::<i32>(), columns[1].as_string::<i32>());
            let numbers = columns[2].as_primitive::<Float64Type>();
            let rows = a.iter().zip(b.iter()).zip(numbers.iter());
            let result: Float64Array = rows.map(|((a, b), number)| matched(a, b, number)).collect();
            Ok(Arc::new(result))
        })
    };
    let columns = vec![DataType::Utf8, DataType::Utf8, DataType::Float64];
    create_udf(name, columns, DataType::Float64, Volatility::Immutable, Arc::new(body))
}

/// What a function made by [`Session::define_text_bytes`](crate::Session::define_text_bytes) calls for
/// every row: two texts, each of which may be null.
pub type TextBytes = Arc<dyn Fn(Option<&str>, Option<&str>) -> Vec<u8> + Send + Sync>;

/// A function from two texts to bytes: how a stage looks once into texts, on the engine's own threads,
/// and takes away what it wants to know of them.
pub(crate) fn text_bytes(name: &str, made: TextBytes) -> ScalarUDF {
    let body = move |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let (a, b) = (columns[0].as_string::<i32>(), columns[1].as_string::<i32>());
            let rows = a.iter().zip(b.iter());
            let result: BinaryArray = rows.map(|(a, b)| Some(made(a, b))).collect();
            Ok(Arc::new(result))
        })
    };
    let texts = vec![DataType::Utf8, DataType::Utf8];
    create_udf(name, texts, DataType::Binary, Volatility::Immutable, Arc::new(body))
}

/// What a function made by [`Session::define_number_match`](crate::Session::define_number_match)
/// calls for every row: two numbers, each of which may be null.
pub type NumberMatch = Arc<dyn Fn(Option<f64>, Option<f64>) -> Option<f64> + Send + Sync>;

/// A function from two numbers to a number: how a stage looks up what it knows of a row.
pub(crate) fn number_match(name: &str, matched: NumberMatch) -> ScalarUDF {
    let body = move |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let a = columns[0].as_primitive::<Float64Type>();
            let b = columns[1].as_primitive::<Float64Type>();
            let result: Float64Array = a.iter().zip(b.iter()).map(|(a, b)| matched(a, b)).collect();
            Ok(Arc::new(result))
        })
    };
    let columns = vec![DataType::Float64, DataType::Float64];
    create_udf(name, columns, DataType::Float64, Volatility::Immutable, Arc::new(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_domains_of_all_kinds_of_urls() {
        let cases = [
            ("https://a.b.example.co.uk/x", Some("a.b.example.co.uk"), Some("example.co.uk")),
            ("http://h1.localhost:8080/", Some("h1.localhost"), Some("h1.localhost")),
            ("http://localhost/", Some("localhost"), Some("localhost")),
            ("http://127.0.0.1/", Some("127.0.0.1"), Some("127.0.0.1")),
            ("http://[::1]/", Some("[::1]"), Some("[::1]")),
            ("http://xn--bcher-kva.example/", Some("xn--bcher-kva.example"), None),
            ("mailto:someone@example.org", None, None),
            ("not a url", None, None),
            ("", None, None),
        ];
        for (url, expected_host, expected_domain) in cases {
            assert_eq!(host(url).as_deref(), expected_host, "{url}");
            if expected_domain.is_some() || expected_host.is_none() {
                assert_eq!(domain(url).as_deref(), expected_domain, "{url}");
            }
        }
    }

    #[test]
    fn a_contribution_is_held_and_rounded_once_whatever_comes_in() {
        let cases = [
            (0.5, 25.0, Some(12_500)),
            (2.0, 25.0, Some(25_000)),
            (-1.0, 25.0, Some(0)),
            (f64::NAN, 25.0, None),
            (f64::INFINITY, 25.0, None),
            (f64::NEG_INFINITY, 25.0, None),
            (1.0, f64::NAN, None),
            (1.0, -5.0, Some(-5_000)),
            (1.0 / 3.0, 10.0, Some(3_333)),
            (0.0005, 1.0, Some(1)),
            (0.0005, -1.0, Some(-1)),
        ];
        for (share, weight, expected) in cases {
            assert_eq!(thousandths(share, weight), expected, "{share:?} x {weight}");
        }
    }

    #[test]
    fn a_curve_is_flat_beyond_its_ends_and_straight_between() {
        let points = [(0.0, 0.0), (100.0, 0.5), (200.0, 0.25)];
        for (x, y) in
            [(-1.0, 0.0), (0.0, 0.0), (50.0, 0.25), (100.0, 0.5), (150.0, 0.375), (9e9, 0.25)]
        {
            assert_eq!(on_curve(x, &points), Some(y), "{x}");
        }
        assert_eq!(on_curve(f64::NAN, &points), None);
        assert_eq!(on_curve(f64::INFINITY, &points), None);
    }
}
