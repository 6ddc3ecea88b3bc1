//! Summaries to render: what a run of thousands of pages gives, an empty one, one whose pages mean
//! harm, and one with a long ranking. Made by arithmetic, so that every rendering is the same.

use jarvix_core::{Gate, Outcome, RunId};
use jarvix_report::{
    ActionCount, ClusterRow, Contribution, DuplicateFacts, FailureCause, FetchSpan, GateCount,
    GroupCount, HostRow, InputFacts, Milli, OutcomeCount, ProfileFacts, RejectFacts, RejectRow,
    ScoreTally, Setting, SignalFact, Sizes, Summary, TopPage,
};

/// The fixtures by name, for the example that writes one to a file.
pub const NAMES: [&str; 5] = ["typical", "small", "empty", "hostile", "huge"];

/// The fixture of that name.
pub fn named(name: &str) -> Option<Summary> {
    match name {
        "typical" => Some(typical(60)),
        "small" => Some(small()),
        "empty" => Some(empty()),
        "hostile" => Some(hostile()),
        "huge" => Some(huge()),
        _ => None,
    }
}

const SIGNALS: [(&str, &str, i64); 8] = [
    ("length", "Words of the main text, with less to gain the longer it is.", 20_000),
    ("prose", "How much of the text is sentences rather than lists, menus and symbols.", 20_000),
    ("text_share", "Main text as a share of the page's visible text.", 15_000),
    ("metadata", "How many of title, author, date and description the page states.", 10_000),
    ("intent", "Words and phrases of buying intent, each kind counted once.", 15_000),
    ("freshness", "Age of the page at the time it was fetched.", 10_000),
    ("structure", "Headings, lists and tables that guide a reader.", 10_000),
    ("repetition", "Lines and phrases that repeat; takes points away.", -20_000),
];

const PAGES: [(&str, &str, &str, &str, &str); 12] = [
    (
        "Heat pumps in old houses: what three winters of measurements say",
        "energy.example.org",
        "guides/heat-pumps-old-houses",
        "article",
        "en",
    ),
    (
        "Buying a used electric car: the battery report explained line by line",
        "motor.example.com",
        "2026/02/used-ev-battery-report",
        "article",
        "en",
    ),
    (
        "Wärmedämmung im Bestand – Kosten, Förderung, Reihenfolge",
        "bauen.example.de",
        "ratgeber/waermedaemmung-bestand",
        "article",
        "de",
    ),
    (
        "X200 inverter, 8 kW, three phases: data sheet and price",
        "shop.example.com",
        "p/x200-inverter-8kw",
        "product",
        "en",
    ),
    (
        "Which tariff fits a household with solar panels? 41 answers",
        "forum.example.net",
        "t/which-tariff-with-solar/8812",
        "forum",
        "en",
    ),
    (
        "Installer's handbook, chapter 4: hydraulic balancing",
        "docs.example.org",
        "handbook/4-hydraulic-balancing",
        "documentation",
        "en",
    ),
    (
        "Autoconsommation : ce que change le tarif de 2026",
        "energie.example.fr",
        "dossiers/autoconsommation-2026",
        "article",
        "fr",
    ),
    (
        "All air-to-water heat pumps under 10 kW",
        "shop.example.com",
        "c/air-to-water?max=10",
        "listing",
        "en",
    ),
    (
        "Subsidies by region: a table that is kept up to date",
        "energy.example.org",
        "subsidies/by-region",
        "collection",
        "en",
    ),
    (
        "ヒートポンプ給湯機の選び方と年間コスト",
        "kurashi.example.jp",
        "guide/heatpump",
        "article",
        "ja",
    ),
    (
        "Our services for owners of multi-family houses",
        "planung.example.at",
        "leistungen",
        "service",
        "de",
    ),
    (
        "Bomba de calor o caldera de gas: diez años de cuentas",
        "casa.example.es",
        "energia/bomba-o-caldera",
        "article",
        "es",
    ),
];

const REASONS: [&str; 4] = [
    "long, well built text; names prices and models; author and date are given",
    "clear prose with tables; fresh; few words of buying intent",
    "good text, but a third of the page is navigation",
    "short text; no author and no date; repeats its own lines",
];

fn run(id: &str) -> RunId {
    RunId::new(id).expect("a run id")
}

fn action_of(score: Milli) -> &'static str {
    match score.0 {
        70_000.. => "BUY",
        45_000.. => "MONITOR",
        _ => "SKIP",
    }
}

fn contributions(score: Milli, seed: i64) -> Vec<Contribution> {
    let loss = if seed % 3 == 0 { -(seed % 7) * 613 } else { 0 };
    let gained = score.0 - loss;
    let weights: i64 = SIGNALS.iter().map(|s| s.2.max(0)).sum();
    let mut left = gained;
    let mut all: Vec<Contribution> = SIGNALS
        .iter()
        .map(|(name, _, weight)| {
            let points = if *weight < 0 { loss } else { gained * weight / weights };
            left -= if *weight < 0 { 0 } else { points };
            Contribution { signal: (*name).to_owned(), points: Milli(points) }
        })
        .collect();
    let shift = (seed * 397) % 1_900;
    all[0].points = Milli(all[0].points.0 + left - shift);
    all[1].points = Milli(all[1].points.0 + shift);
    if seed % 4 == 1 {
        all[1].points = all[1].points + all[5].points;
        all[5].points = Milli::ZERO;
    }
    all
}

/// The page at `rank` of a ranking of `ranks`.
fn page(rank: u64, ranks: u64) -> TopPage {
    let i = rank - 1;
    let (title, host, path, page_type, language) = PAGES[(i % 12) as usize];
    let again = i / 12;
    let suffix = if again == 0 { String::new() } else { format!("-{}", again + 1) };
    let numbered =
        |text: &str| if again == 0 { text.to_owned() } else { format!("{text} ({})", again + 1) };
    let score = Milli(96_875 - i64::try_from(i * 61_000 / ranks + i * 37 % 900).expect("small"));
    TopPage {
        rank,
        url: format!("https://{host}/{path}{suffix}"),
        title: Some(numbered(title)),
        host: host.to_owned(),
        score,
        action: action_of(score).to_owned(),
        reason: REASONS[((i * 4 / ranks).max(i % 2) % 4) as usize].to_owned(),
        contributions: contributions(score, i64::try_from(i).expect("small")),
        language: Some(language.to_owned()),
        page_type: Some(page_type.to_owned()),
        word_count: Some(3_400 - i * 2_700 / ranks + i * 31 % 240),
        published: (i % 3 != 2).then(|| format!("2026-0{}-{:02}", 1 + i % 5, 1 + i * 7 % 28)),
        duplicate_of: (i % 17 == 9).then(|| format!("https://{host}/{path}")),
    }
}

fn profile() -> ProfileFacts {
    ProfileFacts {
        name: "default".to_owned(),
        hash: "9f2c1e7ab04d5566".to_owned(),
        about: "Favours pages with much readable text of their own, dated and signed.".to_owned(),
        signals: SIGNALS
            .iter()
            .map(|(name, about, weight)| SignalFact {
                name: (*name).to_owned(),
                about: (*about).to_owned(),
                weight: Milli(*weight),
            })
            .collect(),
    }
}

fn settings() -> Vec<Setting> {
    [
        ("user-agent", "Jarvix/0.1.0 (+https://github.com/jarvix/jarvix)"),
        ("timeout", "30 s"),
        ("retries", "2"),
        ("max-body", "10.5 MB"),
        ("robots", "obeyed"),
        ("per-host", "4"),
    ]
    .map(|(name, value)| Setting { name: name.to_owned(), value: value.to_owned() })
    .to_vec()
}

fn groups(rows: &[(&str, u64)]) -> Vec<GroupCount> {
    rows.iter()
        .map(|(name, count)| GroupCount { name: (*name).to_owned(), count: *count })
        .collect()
}

/// A run of ten thousand lines, with `ranks` pages in the ranking.
pub fn typical(ranks: u64) -> Summary {
    let mut summary = Summary::empty(run("energy-pages-3"), "energy-pages.txt");
    summary.jarvix_version = "0.1.0".to_owned();
    summary.input = InputFacts {
        names: vec!["energy-pages.txt".to_owned()],
        lines: 10_000,
        pages: 9_412,
        rejects: 210,
        duplicates: 378,
        pages_from_links: 0,
    };
    summary.fetched = Some(FetchSpan {
        first: "2026-06-30 08:15:02 UTC".to_owned(),
        last: "2026-06-30 08:16:41 UTC".to_owned(),
    });
    summary.profile = profile();
    summary.settings = settings();
    summary.outcomes = [
        (Outcome::Fetched, 8_731),
        (Outcome::HttpError, 402),
        (Outcome::NotContent, 61),
        (Outcome::RobotsDenied, 87),
        (Outcome::Dns, 58),
        (Outcome::Connect, 19),
        (Outcome::Tls, 11),
        (Outcome::Timeout, 42),
        (Outcome::Incomplete, 1),
    ]
    .map(|(outcome, count)| OutcomeCount::new(outcome, count))
    .to_vec();
    summary.documents = 8_731;
    summary.gates = [
        (Gate::Challenge, 96),
        (Gate::Login, 31),
        (Gate::Paywall, 54),
        (Gate::EmptyShell, 122),
        (Gate::NoText, 28),
    ]
    .map(|(gate, count)| GateCount::new(gate, count))
    .to_vec();
    spread_scores(&mut summary, 8_400);
    summary.top = (1..=ranks).map(|rank| page(rank, ranks)).collect();
    summary.hosts = PAGES
        .iter()
        .map(|p| p.1)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .zip(0..)
        .map(|(host, i)| HostRow {
            host: host.to_owned(),
            pages: 1_904 - i * 171,
            failed: i * 37 % 90,
            documents: 1_904 - i * 171 - i * 37 % 90 - i % 4,
            mean_score: (i != 9).then_some(Milli(71_250 - (i as i64) * 3_113)),
        })
        .collect();
    summary.hosts_left_out = 214;
    summary.languages =
        groups(&[("en", 5_120), ("de", 1_988), ("fr", 702), ("es", 431), ("ja", 212), ("", 278)]);
    summary.page_types = groups(&[
        ("article", 4_310),
        ("product", 1_502),
        ("listing", 1_011),
        ("forum", 844),
        ("documentation", 520),
        ("service", 301),
        ("collection", 188),
        ("other", 55),
    ]);
    troubles(&mut summary);
    summary.sizes = Sizes {
        bytes_wire: 103_448_120,
        bytes_decoded: 412_009_553,
        parts: 14,
        bytes_parts: 121_004_882,
    };
    summary.repeat_command =
        "jarvix run energy-pages.txt --run energy-pages-3 --profile default".to_owned();
    summary.method = [
        "A score is the sum of its contributions, each rounded once to three places, held within 0 to 100.",
        "Documents that a gate holds back are not scored.",
        "Ages count from the moment a page was fetched, so the same pages always give the same scores.",
        "Two documents repeat each other when their normalised texts are equal; near copies are not looked for.",
    ]
    .map(str::to_owned)
    .to_vec();
    summary
}

/// `count` scores, most of them in the middle.
fn spread_scores(summary: &mut Summary, count: u64) {
    let mut tally = ScoreTally::new();
    let mut by_action = [0u64; 3];
    for i in 0..count {
        let (a, b, c) = (i * 7_919 % 33_301, i * 104_729 % 33_289, i * 1_299_709 % 33_247);
        let score = Milli(i64::try_from((a + b + c).min(96_875)).expect("small"));
        tally.add(score, 1);
        by_action[["BUY", "MONITOR", "SKIP"]
            .iter()
            .position(|a| *a == action_of(score))
            .expect("known")] += 1;
    }
    summary.scores = tally.stats();
    summary.actions = ActionCount::table([
        ("BUY".to_owned(), "A score of 70 and above.".to_owned(), by_action[0]),
        ("MONITOR".to_owned(), "A score of 45 to below 70.".to_owned(), by_action[1]),
        ("SKIP".to_owned(), "A score below 45.".to_owned(), by_action[2]),
    ]);
}

fn troubles(summary: &mut Summary) {
    let urls =
        |host: &str, n: u64| (1..=n).map(|i| format!("https://{host}/archive/{i}")).collect();
    let cause = |outcome, reason: &str, count, examples| FailureCause {
        outcome,
        reason: reason.to_owned(),
        count,
        examples,
    };
    summary.failures = vec![
        cause(Outcome::HttpError, "404 Not Found", 311, urls("energy.example.org", 5)),
        cause(
            Outcome::HttpError,
            "503 Service Unavailable, after 3 attempts",
            91,
            urls("shop.example.com", 5),
        ),
        cause(Outcome::Dns, "no such name", 58, urls("gone.example.net", 3)),
        cause(
            Outcome::Timeout,
            "no answer within 30 s, after 3 attempts",
            42,
            urls("slow.example.com", 4),
        ),
        cause(Outcome::Connect, "connection refused", 19, urls("closed.example.org", 2)),
        cause(Outcome::Tls, "the certificate has expired", 11, urls("old.example.org", 1)),
        cause(
            Outcome::Incomplete,
            "the connection ended after 20,480 of 48,113 bytes",
            1,
            urls("cut.example.org", 1),
        ),
    ];
    summary.rejects = RejectFacts {
        sample: [
            (17, "see attached list", "not a URL: relative URL without a base"),
            (204, "http://", "not a URL: empty host"),
            (981, "https://exa mple.org/a", "not a URL: invalid international domain name"),
            (2_240, "mailto:info@example.org", "only http and https are fetched"),
        ]
        .map(|(line_no, text, reason)| RejectRow {
            source: "energy-pages.txt".to_owned(),
            line_no,
            text: text.to_owned(),
            reason: reason.to_owned(),
        })
        .to_vec(),
    };
    summary.duplicates = DuplicateFacts {
        clusters: 118,
        repeated: 264,
        largest: [("shop.example.com", 31), ("energie.example.fr", 12), ("forum.example.net", 5)]
            .map(|(host, repeated)| ClusterRow {
                representative: format!("https://{host}/terms"),
                repeated,
                examples: (1..=3).map(|i| format!("https://{host}/terms?session={i}")).collect(),
            })
            .to_vec(),
    };
}

/// A few pages of each kind: what the snapshots show.
pub fn small() -> Summary {
    let mut summary = typical(3);
    summary.run = run("small-1");
    summary.title = "small.txt".to_owned();
    summary.input = InputFacts {
        names: vec!["small.txt".to_owned(), "https://energy.example.org/".to_owned()],
        lines: 9,
        pages: 6,
        rejects: 2,
        duplicates: 1,
        pages_from_links: 1,
    };
    summary.outcomes = [(Outcome::Fetched, 4), (Outcome::RobotsDenied, 1), (Outcome::Dns, 2)]
        .map(|(outcome, count)| OutcomeCount::new(outcome, count))
        .to_vec();
    summary.documents = 4;
    summary.gates = vec![GateCount::new(Gate::Paywall, 1)];
    let mut tally = ScoreTally::new();
    summary.top.iter().for_each(|p| tally.add(p.score, 1));
    summary.scores = tally.stats();
    let count = |action: &str| summary.top.iter().filter(|p| p.action == action).count() as u64;
    summary.actions = ActionCount::table(
        ["BUY", "MONITOR", "SKIP"].map(|a| (a.to_owned(), String::new(), count(a))),
    );
    summary.hosts.truncate(2);
    summary.hosts_left_out = 0;
    summary.languages = groups(&[("en", 3), ("", 1)]);
    summary.page_types = groups(&[("article", 4)]);
    summary.failures.retain(|cause| cause.outcome == Outcome::Dns);
    summary.failures[0].count = 2;
    summary.failures[0].examples.truncate(2);
    summary.rejects.sample.truncate(2);
    summary.duplicates.largest.truncate(1);
    summary.duplicates.clusters = 1;
    summary.duplicates.repeated = 31;
    summary.profile.signals.truncate(3);
    for page in &mut summary.top {
        let rest: Milli = page.contributions.drain(3..).map(|c| c.points).sum();
        page.contributions[1].points = page.contributions[1].points + rest;
    }
    // One page whose sum is more than a score can be, and one without a title.
    summary.top[0].score = Milli::whole(100);
    summary.top[0].contributions[0].points = Milli::whole(60);
    summary.top[2].title = None;
    let mut tally = ScoreTally::new();
    summary.top.iter().for_each(|p| tally.add(p.score, 1));
    summary.scores = tally.stats();
    summary
}

/// A run whose input had no lines.
pub fn empty() -> Summary {
    let mut summary = Summary::empty(run("empty-1"), "empty.txt");
    summary.jarvix_version = "0.1.0".to_owned();
    summary.input.names = vec!["empty.txt".to_owned()];
    summary.profile = ProfileFacts { signals: Vec::new(), ..profile() };
    summary.repeat_command = "jarvix run empty.txt --run empty-1".to_owned();
    summary
}

/// A long ranking of very many pages.
pub fn huge() -> Summary {
    let mut summary = typical(100);
    let times = 12_345;
    summary.title = "The whole web of the energy industry, second quarter of 2026".to_owned();
    let input = &mut summary.input;
    for n in [&mut input.lines, &mut input.pages, &mut input.rejects, &mut input.duplicates] {
        *n *= times;
    }
    summary.outcomes.iter_mut().for_each(|o| o.count *= times);
    summary.gates.iter_mut().for_each(|g| g.count *= times);
    summary.actions.iter_mut().for_each(|a| a.count *= times);
    summary.scores.histogram.iter_mut().for_each(|n| *n *= times);
    summary.scores.count *= times;
    summary.documents *= times;
    summary.languages.iter_mut().for_each(|g| g.count *= times);
    summary.page_types.iter_mut().for_each(|g| g.count *= times);
    summary.hosts.iter_mut().for_each(|h| {
        h.pages *= times;
        h.failed *= times;
        h.documents *= times;
    });
    summary
}

/// Texts that pages, lines and servers use to break out of where they are shown.
pub const HOSTILE_TEXTS: [&str; 10] = [
    "<script>alert('owned')</script>",
    "</title></script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)> ' onmouseover='alert(1)",
    "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7} \u{1b}[2J\u{1b}[31mred \u{9b}31m",
    "invoice \u{202e}fdp.exe \u{2066}isolated\u{2069} pass\u{200b}word\u{feff}",
    "=HYPERLINK(\"https://evil.example\",\"click\")",
    "{{ title }} {% raw %} <!-- ]]> &lt;b&gt; \\u003cscript",
    "مرحبا بالعالم – שלום עולם – mixed",
    "👩\u{200d}👩\u{200d}👧 Z\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}\u{351}algo 日本語",
    "javascript:alert(1)",
];

/// A run in which every text means harm.
pub fn hostile() -> Summary {
    let mut summary = typical(24);
    let text = |i: usize| HOSTILE_TEXTS[i % HOSTILE_TEXTS.len()].to_owned();
    summary.title = text(1);
    summary.input.names = vec![text(0), text(3), text(4)];
    summary.profile.name = text(2);
    summary.profile.about = text(0);
    summary.repeat_command = format!("jarvix run '{}'", text(0));
    summary.settings.push(Setting { name: text(0), value: text(2) });
    summary.method.push(text(0));
    for (i, page) in summary.top.iter_mut().enumerate() {
        page.title = match i {
            10 => Some("long ".repeat(80)),
            11 => Some("Unbroken".repeat(50)),
            12 => Some("  \u{200b}\n".to_owned()),
            i => Some(text(i)),
        };
        page.reason = text(i + 1);
        page.language = Some(text(i + 2));
        page.page_type = Some(text(i + 3));
        page.published = Some(text(i + 5));
        page.host = if i % 2 == 0 { text(i + 4) } else { "h".repeat(200) };
        page.url = match i % 5 {
            0 => format!("https://example.org/{}", "very-long-path/".repeat(60)),
            1 => "javascript:alert(document.domain)".to_owned(),
            2 => "https://example.org/\u{202e}gnp.exe".to_owned(),
            3 => "https://example.org/?q=\"><script>alert(1)</script>".to_owned(),
            _ => "data:text/html,<script>alert(1)</script>".to_owned(),
        };
        page.duplicate_of = Some(text(9));
    }
    for (i, signal) in summary.profile.signals.iter_mut().enumerate() {
        signal.about = text(i);
    }
    for (i, group) in summary.languages.iter_mut().chain(&mut summary.page_types).enumerate() {
        group.name = text(i);
    }
    summary.hosts.iter_mut().enumerate().for_each(|(i, h)| h.host = text(i));
    for (i, cause) in summary.failures.iter_mut().enumerate() {
        cause.reason = text(i);
        cause.examples = vec![text(i + 1), text(9)];
    }
    for (i, reject) in summary.rejects.sample.iter_mut().enumerate() {
        reject.source = text(i);
        reject.text = text(i + 1);
        reject.reason = text(i + 2);
    }
    for (i, cluster) in summary.duplicates.largest.iter_mut().enumerate() {
        cluster.representative = text(i);
        cluster.examples = vec![text(i + 1), format!("https://example.org/{}", "x".repeat(400))];
    }
    for (i, action) in summary.actions.iter_mut().enumerate() {
        action.about = text(i);
    }
    // Sums that do not hold are said, too.
    summary.input.lines += 1;
    summary
}
