//! Roughly the prose of a manual page: lines of text, without requests, escapes and literal blocks.
//! It refuses to typeset: what it does not know it drops.

/// Macros whose arguments are a part of the sentence.
const FONTS: &[&str] = &["B", "I", "R", "BI", "BR", "IB", "IR", "RB", "RI", "SM", "SB"];
/// Requests that begin and end blocks that are no prose.
const LITERAL: &[(&str, &str)] =
    &[("nf", "fi"), ("EX", "EE"), ("SY", "YS"), ("TS", "TE"), ("Bd", "Ed")];
/// Requests after which a paragraph begins.
const BREAKS: &[&str] = &["PP", "P", "LP", "IP", "TP", "HP", "SH", "SS", "Pp", "It", "Sh", "TQ"];

/// The paragraphs of a page, each on one line.
pub fn paragraphs(page: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut until: Option<&str> = None;
    for line in page.lines() {
        let request = line.strip_prefix(['.', '\'']).map(|rest| {
            let rest = rest.trim_start();
            rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
        });
        if let Some(end) = until {
            if request.is_some_and(|(name, _)| name == end) {
                until = None;
            }
            continue;
        }
        let Some((name, arguments)) = request else {
            if line.trim().is_empty() {
                out.push(String::new());
            } else {
                add(&mut out, &unescaped(line));
            }
            continue;
        };
        if let Some((_, end)) = LITERAL.iter().find(|(begin, _)| *begin == name) {
            until = Some(end);
        }
        if FONTS.contains(&name) {
            add(&mut out, &unescaped(&arguments.replace('"', "")));
        } else if BREAKS.contains(&name) || until.is_some() {
            out.push(String::new());
        }
    }
    out.retain(|paragraph| !paragraph.is_empty());
    out
}

fn add(out: &mut [String], text: &str) {
    let Some(paragraph) = out.last_mut() else { return };
    for word in text.split_whitespace() {
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(word);
    }
}

/// `text` without escapes; those that stand for a character it knows become that.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let until = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, end: char| {
        chars.by_ref().find(|c| *c == end);
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            // The rest is a comment.
            Some('"') | None => break,
            Some('-') => out.push('-'),
            Some('e' | '\\') => out.push('\\'),
            Some(' ' | '~' | '0') => out.push(' '),
            Some('f' | '*' | 'n' | 's' | 'm') => match chars.next() {
                Some('[') => until(&mut chars, ']'),
                Some('(') => drop((chars.next(), chars.next())),
                Some('+' | '-') => drop(chars.next()),
                _ => {}
            },
            Some('(') => {
                let name: String = chars.by_ref().take(2).collect();
                out.push_str(if name == "aq" || name == "cq" { "'" } else { "" });
            }
            Some('[') => until(&mut chars, ']'),
            Some('v' | 'h' | 'w' | 'o' | 'X' | 'k') if chars.peek() == Some(&'\'') => {
                chars.next();
                until(&mut chars, '\'');
            }
            Some(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: &[&str]) {
        assert_eq!(paragraphs(page), expected, "{page}");
    }

    #[test]
    fn prose_stays_and_the_rest_goes() {
        check(".TH CP 1\n.SH NIMI\ncp \\- kopioi\n.\\\" no\n", &["cp - kopioi"]);
        check(
            "Die Datei\n.B \"eins zwei\"\nwird\n.PP\ngelesen.",
            &["Die Datei eins zwei wird", "gelesen."],
        );
        check("a\n.nf\nint main(void);\n.fi\nb\n\nc", &["a", "b", "c"]);
        check("a\n.EX\n.B x\n", &["a"]);
        check(".nothing known\n\n.\n'", &[]);
    }

    #[test]
    fn escapes_are_undone_or_dropped() {
        check(
            r"\fBls\fP l\(aqun \[Po]x\[Pc] \f[B]y\f[] \s-1Z\s0 a\&b \*(lqq\*(rq",
            &["ls l'un x y Z ab q"],
        );
        check(r#"alpha \" omega"#, &["alpha"]);
        check("ends in \\", &["ends in"]);
    }
}
