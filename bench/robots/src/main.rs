//! Asks each candidate every question of `cases.txt` and counts the right answers, those that the
//! RFC decides apart from those that only Google does.

use std::panic::catch_unwind;

use url::Url;

const CASES: &str = include_str!("../../../crates/jarvix-collect/src/robots/cases.txt");

/// A robots.txt, who asks, and for what; whether it is allowed.
type Candidate = fn(&str, &str, &str) -> bool;

const CANDIDATES: [(&str, Candidate); 3] = [
    ("robotxt", |text, agent, url| {
        let url = Url::parse(url).expect("a URL");
        robotxt::Robots::parse(text.as_bytes(), agent).is_url_allowed(&url)
    }),
    ("robotstxt", |text, agent, url| {
        robotstxt::DefaultMatcher::default().one_agent_allowed_by_robots(text, agent, url)
    }),
    ("texting_robots", |text, agent, url| {
        texting_robots::Robot::new(agent, text.as_bytes()).is_ok_and(|robot| robot.allowed(url))
    }),
];

fn main() {
    // A candidate that panics has given no right answer; its words are of no use here.
    std::panic::set_hook(Box::new(|_| {}));
    println!("| crate | of the RFC | Google's extras |\n|---|---|---|");
    for (name, candidate) in CANDIDATES {
        let (mut right, mut asked) = ([0, 0], [0, 0]);
        let (mut extra, mut text, mut agent) = (false, String::new(), "");
        for line in CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (mark, rest) = line.split_at(1);
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            match mark {
                "=" => (extra, text) = (rest.ends_with("(google)"), String::new()),
                "|" => {
                    text.push_str(&rest.replace("\\r", "\r").replace("\\ufeff", "\u{feff}"));
                    text.push('\n');
                }
                "@" => agent = rest,
                _ => {
                    let given = catch_unwind(|| candidate(&text, agent, rest));
                    asked[usize::from(extra)] += 1;
                    right[usize::from(extra)] += usize::from(given.ok() == Some(mark == "+"));
                }
            }
        }
        println!("| {name} | {} of {} | {} of {} |", right[0], asked[0], right[1], asked[1]);
    }
}
