//! TOML in, error text out: each case changes one thing of a profile that is right.

use std::fmt::Write as _;

use jarvix_score::Profile;

const RIGHT: &str = r#"
name = "mine"
description = "for tests"
version = 1

[[signal]]
name = "length"
about = "Words of the text."
weight = 60
expr = "word_count / 1000"
reason = "long"
reason_low = "short"

[[signal]]
name = "titled"
about = "Whether it has a title."
weight = 40
expr = "CASE WHEN title IS NULL THEN 0 ELSE 1 END"
reason = "titled"
reason_low = "untitled"

[[gate]]
name = "stub"
when = "word_count < 5"
action = "SKIP"
reason = "next to nothing"

[[action]]
name = "BUY"
at_least = 50

[[action]]
name = "SKIP"
at_least = 0
"#;

/// What is changed, into what.
const CASES: &[(&str, &str)] = &[
    ("weight = 60", "wieght = 60"),
    ("description = ", "colour = 'red'\ndescription = "),
    ("[[gate]]", "[[gates]]"),
    ("weight = 60", "weight = 50"),
    ("weight = 60", "weight = 0"),
    ("weight = 60", "weight = nan"),
    ("weight = 60", "weight = inf"),
    ("weight = 60", "weight = 60.0001"),
    ("weight = 60", "weight = 'much'"),
    ("weight = 60", "weight = -60"),
    ("version = 1", ""),
    ("version = 1", "version = -1"),
    ("name = \"mine\"", "name = \"my profile\""),
    ("name = \"titled\"", "name = \"length\""),
    ("name = \"length\"", "name = \"gate\""),
    ("name = \"length\"", "name = \"Länge\""),
    ("name = \"length\"", "name = \"length"),
    ("reason = \"long\"", "reason = \"long\\u001b[31m\""),
    ("reason = \"long\"", "reason = \"\""),
    ("reason_low = \"short\"", ""),
    ("action = \"SKIP\"", "action = \"SKIPP\""),
    ("action = \"SKIP\"", "action = \"SELL\""),
    ("at_least = 0", "at_least = 10"),
    ("at_least = 50", "at_least = 0"),
    ("at_least = 50", "at_least = 101"),
    ("name = \"BUY\"", "name = \"buy\""),
    ("word_count / 1000", "word_cuont / 1000"),
    ("word_count / 1000", "zzz"),
    // What another signal gives is no column of the facts, so no signal can ask for itself, either.
    ("word_count / 1000", "signal_titled / 40"),
    ("word_count / 1000", "1.0 - signal_length"),
    ("word_count / 1000", "1.0 - length"),
    ("word_count / 1000", "wrd(word_count)"),
    ("word_count / 1000", "word_count /"),
    ("word_count / 1000", "word_count) + (1"),
    ("word_count / 1000", "1, 2"),
    ("word_count / 1000", ""),
    ("word_count / 1000", "title"),
    ("word_count / 1000", "word_count > 5"),
    ("word_count / 1000", "1 / 3"),
    ("word_count / 1000", "char_length(title) / char_length(text)"),
    ("word_count / 1000", "CAST(title AS DOUBLE)"),
    ("word_count / 1000", "title + 1"),
    ("word_count / 1000", "char_length(chr(CAST(word_count AS BIGINT)))"),
    ("word_count / 1000", "to_unixtime(published)"),
    ("word_count / 1000", "char_length(split_part(title, ' ', CAST(word_count AS BIGINT)))"),
    ("word_count / 1000", "regexp_count(text, title)"),
    ("word_count / 1000", "sum(word_count)"),
    ("word_count / 1000", "row_number() OVER ()"),
    ("word_count / 1000", "(SELECT count(*) FROM pages)"),
    ("word_count / 1000", "random()"),
    ("word_count / 1000", "curve(word_count, 0, 0)"),
    ("word_count / 1000", "curve(word_count, 10, 0, 5, 1)"),
    ("word_count / 1000", "curve(word_count, 0, 0, char_count, 1)"),
    ("word_count / 1000", "word_count / $1"),
    ("word_count < 5", "word_count"),
    ("word_count < 5", "title"),
    ("word_count < 5", "page_typ = 'article'"),
    ("word_count < 5", "true; DROP TABLE pages"),
];

#[test]
fn every_mistake_is_told_with_its_place_and_a_way_out() {
    assert!(Profile::parse("right.toml", RIGHT).is_ok(), "the base of the cases is right");
    let mut report = String::new();
    for (from, to) in CASES {
        assert!(RIGHT.contains(from), "{from}");
        let told = match Profile::parse("mine.toml", &RIGHT.replacen(from, to, 1)) {
            Ok(_) => "ACCEPTED".to_owned(),
            Err(error) => error.to_string(),
        };
        writeln!(report, "{from}\n  -> {}\n  {told}\n", to.replace('\n', "\\n"))
            .expect("to memory");
    }
    assert!(!report.contains("ACCEPTED"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn a_thousand_signals_are_refused_and_as_many_as_may_be_are_not() {
    let with = |count: usize| {
        let (head, rest) = RIGHT.split_once("[[signal]]").expect("signals");
        let (_, tail) = rest.split_once("[[gate]]").expect("a gate");
        let signals: String = (0..count)
            .map(|n| {
                format!(
                    "[[signal]]\nname = \"s{n}\"\nabout = \"One of many.\"\nweight = 1\n\
                     expr = \"word_count / {}.0\"\nreason = \"r\"\nreason_low = \"l\"\n",
                    n + 1
                )
            })
            .collect();
        let text = format!("{head}\nmaximum = {count}\n{signals}[[gate]]{tail}");
        Profile::parse("many.toml", &text.replace("at_least = 50", "at_least = 10"))
    };
    let refused = with(1_000).expect_err("too many").to_string();
    assert!(refused.contains("more than 48 tables [[signal]]"), "{refused}");
    assert_eq!(with(48).expect("as many as may be").rules().len(), 48);
}

#[test]
fn what_is_allowed_stays_allowed() {
    let fits = [
        ("word_count / 1000", "word_count / 1000 -- a comment"),
        ("word_count / 1000", "try_cast(title AS DOUBLE)"),
        ("word_count / 1000", "char_length(title) / 60.0"),
        ("word_count / 1000", "curve(age_days, 30, 1, 365, 0)"),
        ("word_count / 1000", "word_count / 0"),
        ("word_count / 1000", "array_length(string_to_array(title, ' ')) / 10.0"),
        ("word_count < 5", "gate IS NOT NULL AND page_type IN ('product', 'listing')"),
        ("word_count < 5", "regexp_like(url, '/tag/')"),
        ("word_count < 5", "host = 'example.org' OR registrable_domain LIKE '%.org'"),
    ];
    for (from, to) in fits {
        let parsed = Profile::parse("mine.toml", &RIGHT.replacen(from, to, 1));
        assert!(parsed.is_ok(), "{to}: {parsed:?}");
    }
}

#[test]
fn the_hash_follows_what_decides_and_nothing_else() {
    let hash = |text: &str| Profile::parse("mine.toml", text).expect("fits").hash();
    let same = [
        RIGHT.replace("\n\n", "\n\n# a comment\n\n"),
        RIGHT.replace("for tests", "other words"),
        RIGHT.replace("weight = 60", "weight = 60.000"),
    ];
    for text in &same {
        assert_eq!(hash(RIGHT), hash(text), "{text}");
    }
    let other = [
        RIGHT.replace("/ 1000", "/ 999"),
        RIGHT.replace("reason = \"long\"", "reason = \"lengthy\""),
        RIGHT.replace("at_least = 50", "at_least = 51"),
        RIGHT.replace("word_count < 5", "word_count < 6"),
        RIGHT.replace("\"mine\"", "\"yours\""),
    ];
    for text in &other {
        assert_ne!(hash(RIGHT), hash(text), "{text}");
    }
}
