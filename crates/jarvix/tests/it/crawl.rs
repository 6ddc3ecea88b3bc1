//! From pages to further pages: levels, scopes, sitemaps and traps, served from loopback; and that
//! neither kills nor threads change what is found.

use std::collections::BTreeMap;
use std::io::Write;

use jarvix_core::{Page, Role};
use jarvix_testkit::hostile::{Behaviour, HostileOrigin};

use crate::support::{Ended, Place, rows};

/// A site and a folder to work in.
struct Site {
    place: Place,
    origin: HostileOrigin,
}

impl Site {
    /// Serves pages, given by their path and the addresses that they link to.
    fn new(pages: &[(&str, &str)]) -> Self {
        let site = Self { place: Place::new(), origin: HostileOrigin::start() };
        for (path, body) in pages {
            site.origin
                .set(path, Behaviour::Html(format!("<title>{path}</title><p>Words.</p>{body}")));
        }
        site
    }

    fn run(&self, run: &str, args: &[&str]) -> Ended {
        let start = self.origin.url("/");
        let allow = self.origin.addr().to_string();
        let fixed = ["run", &start, "--run", run, "--allow-net", &allow, "--max-failed", "1"];
        self.place.run(&[&fixed, args].concat())
    }

    /// How the pages of a run were found, by path: level, the path that led there, and the role.
    fn found(&self, run: &str) -> BTreeMap<String, (u32, String, Role)> {
        let short = |url: &str| url.replace(&self.origin.url(""), "");
        let how = |page: Page| {
            let on = page.found.on.as_deref().map(short).unwrap_or_default();
            (short(&page.url), (page.found.level, on, page.found.role))
        };
        rows::<Page>(&self.place.store(), run).into_iter().map(how).collect()
    }

    fn summary(&self, run: &str) -> serde_json::Value {
        let path = self.place.data().join("runs").join(run).join("report/summary.json");
        let text = std::fs::read_to_string(path).expect("the run has a summary");
        serde_json::from_str(&text).expect("JSON")
    }

    /// How many addresses were left out for `cause`.
    fn left_out(&self, run: &str, cause: &str) -> u64 {
        let summary = self.summary(run);
        let rows = summary["crawl"]["left_out"].as_array().expect("rows").clone();
        let row = rows.iter().find(|row| row["cause"] == cause);
        row.map_or(0, |row| row["count"].as_u64().expect("a count"))
    }
}

const PAGE: Role = Role::Page;

fn row(level: u32, on: &str, role: Role) -> (u32, String, Role) {
    (level, on.to_owned(), role)
}

/// A small site: two levels of links, and some that are not followed.
fn two_levels() -> Site {
    Site::new(&[
        (
            "/",
            "<a href=/b>b</a><a href=/a>a</a><a href=/a>again</a><a rel=nofollow href=/no>no</a>\
             <a href=http://other.example/>out</a>",
        ),
        ("/a", "<a href=/c>c</a><a href=/>home</a><a href=/b>b</a>"),
        ("/b", "<a href=/c>c</a><a href=/d>d</a>"),
        ("/c", "<a href=/deeper>e</a>"),
        ("/d", "<meta name=robots content=nofollow><a href=/e>e</a>"),
        ("/no", ""),
    ])
}

#[test]
fn links_are_followed_level_by_level() {
    let site = two_levels();
    let ended = site.run("r", &["--depth", "2"]).expect(0);
    let found = site.found("r");
    let expected = [
        ("/", row(0, "", PAGE)),
        ("/a", row(1, "/", PAGE)),
        ("/b", row(1, "/", PAGE)),
        // Both link to it; /b stands first on the page that led to both.
        ("/c", row(2, "/b", PAGE)),
        ("/d", row(2, "/b", PAGE)),
    ];
    assert_eq!(found, expected.map(|(path, how)| (path.to_owned(), how)).into());
    let summary = site.summary("r");
    assert_eq!(summary["input"]["lines"], 1);
    assert_eq!(summary["input"]["pages"], 1);
    assert_eq!(summary["input"]["pages_from_links"], 4);
    assert_eq!(site.left_out("r", "nofollow"), 1);
    assert_eq!(site.left_out("r", "out_of_scope"), 1);
    let levels: Vec<_> = summary["crawl"]["pages"].as_array().expect("rows").iter().collect();
    assert_eq!((levels.len(), &levels[2]["count"]), (3, &2.into()), "{levels:?}");
    assert!(
        ended.stdout().contains("1 line = 1 page + 0 rejects + 0 repeated lines; 4 pages found")
    );
    let shown = site.place.run(&["runs", "show", "r"]).expect(0).stdout();
    assert!(shown.contains("2 links away"), "{shown}");
    // A finished crawl has nothing left to do.
    site.run("r", &["--depth", "2"]).expect(0);
    assert_eq!(site.found("r"), found);
}

#[test]
fn without_a_depth_nothing_is_followed() {
    let site = two_levels();
    site.run("r", &[]).expect(0);
    assert_eq!(site.found("r").len(), 1);
}

#[test]
fn wishes_are_followed_or_not_as_settings_say() {
    let site = two_levels();
    site.run("r", &["--depth", "3", "--nofollow", "ignore", "--exclude", "/deeper$"]).expect(0);
    let found = site.found("r");
    assert!(found.contains_key("/no") && found.contains_key("/e"), "{found:?}");
    assert_eq!(site.left_out("r", "pattern"), 1);

    let site = Site::new(&[
        ("/", "<link rel=canonical href=/home><a href=/a>a</a>"),
        ("/home", "<link rel=canonical href=/home><a href=/b>b</a>"),
    ]);
    site.run("obeys", &["--depth", "2", "--canonical", "obey"]).expect(0);
    let paths: Vec<String> = site.found("obeys").into_keys().collect();
    assert_eq!(paths, ["/", "/b", "/home"]);
    site.run("ignores", &["--depth", "2"]).expect(0);
    let paths: Vec<String> = site.found("ignores").into_keys().collect();
    assert_eq!(paths, ["/", "/a"]);
}

#[test]
fn another_depth_or_scope_is_another_run() {
    let site = two_levels();
    site.run("r", &["--depth", "1"]).expect(0);
    for (flag, was, now) in [("--depth", "1", "2"), ("--scope", "host", "any")] {
        let args =
            if flag == "--depth" { vec![flag, now] } else { vec!["--depth", "1", flag, now] };
        let said = site.run("r", &args).expect(2).stderr();
        assert!(said.contains(&format!("{flag} {was:?}, not {now:?}")), "{said}");
    }
    let said = site.run("r", &["--depth", "1", "--render", "auto"]).expect(2).stderr();
    assert!(said.contains("--render \"never\", not \"auto\""), "{said}");
    assert!(said.contains("leave out --run"), "{said}");
}

/// The gap of a host is kept from one level to the next, and a run whose time is over in the middle
/// of its levels is continued where it was.
#[test]
fn manners_and_time_hold_over_levels() {
    let site = two_levels();
    site.run("r", &["--depth", "2", "--rate-per-host", "1"]).expect(0);
    let times: Vec<_> = site.origin.seen().iter().map(|seen| seen.at).collect();
    let least = times.windows(2).map(|pair| pair[1] - pair[0]).min().expect("requests");
    // Half of it: a request may be held up on its way, and the next one not.
    assert!(least.as_millis() > 500, "two requests {least:?} apart: {times:?}");

    let slowly = ["--depth", "2", "--rate-per-host", "2", "--max-time", "1s"];
    let mut sessions = 0;
    let finished = || {
        let run = jarvix_core::RunId::new("timed").expect("a run id");
        let record = site.place.store().catalogue().run(&run).expect("the catalogue");
        record.is_some_and(|record| record.state == jarvix_core::RunState::Finished)
    };
    while !finished() {
        sessions += 1;
        let ended = site.run("timed", &slowly);
        assert!(sessions < 20, "{}", ended.stderr());
    }
    assert!(sessions > 1, "the time was never over");
    assert_eq!(site.found("timed"), site.found("r"));
}

#[test]
fn threads_and_parts_change_nothing() {
    let site = two_levels();
    let mut pages = Vec::new();
    for (run, threads, rows_max) in [("one", "1", "1"), ("two", "2", "4096")] {
        let args = ["--depth", "3", "--threads", threads, "--chunk-size", rows_max];
        site.run(run, &args).expect(0);
        let mut found: Vec<_> = rows::<Page>(&site.place.store(), run)
            .into_iter()
            .map(|page| (page.ordinal, page.url, page.found))
            .collect();
        found.sort_by_key(|page| page.0);
        pages.push(found);
    }
    assert_eq!(pages[0].len(), 6);
    assert_eq!(pages[0], pages[1]);
}

#[test]
fn a_calendar_without_end_stays_within_its_budgets() {
    let site = Site::new(&[("/", "<a href=/calendar>days</a>")]);
    site.origin.set("/calendar", Behaviour::Calendar { links: 40 });
    let args = ["--depth", "12", "--crawl-query-variants", "25"];
    site.run("variants", &args).expect(0);
    // The start, the calendar without a day, and 25 days.
    assert_eq!(site.found("variants").len(), 27);
    assert!(site.left_out("variants", "query_variants") > 0);
    assert_eq!(site.origin.requests("/calendar"), 26);

    let args = ["--depth", "12", "--crawl-pages-per-host", "10"];
    site.run("host", &args).expect(0);
    assert_eq!(site.found("host").len(), 11);
    assert!(site.left_out("host", "host_budget") > 0);
    let summary = site.summary("host");
    let row = &summary["crawl"]["left_out"][0];
    assert!(row["about"].as_str().is_some_and(|a| a.contains("--crawl-pages-per-host")), "{row}");
    assert_eq!(row["examples"].as_array().map(Vec::len), Some(3));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).expect("memory can be written to");
    packer.finish().expect("memory can be written to")
}

/// A site whose robots.txt names an index, which names a packed sitemap.
fn mapped() -> Site {
    let site = Site::new(&[("/", ""), ("/p", "<a href=/q>q</a>"), ("/q", ""), ("/t", "")]);
    let url = |path: &str| site.origin.url(path);
    let robots = format!("User-agent: *\nAllow: /\nSitemap: {}\n", url("/index.xml"));
    site.origin.set("/robots.txt", Behaviour::Text(robots));
    let index = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap><sitemap><loc>{}</loc></sitemap></sitemapindex>",
        url("/map.xml.gz"),
        url("/list.txt")
    );
    let map = format!(
        "<urlset><url><loc>{}</loc><lastmod>2025-03-04</lastmod></url>\
         <url><loc>http://other.example/</loc></url></urlset>",
        url("/p")
    );
    let body = |content_type: &str, bytes: Vec<u8>| Behaviour::Body {
        content_type: Some(content_type.to_owned()),
        content_encoding: None,
        bytes,
    };
    site.origin.set("/index.xml", body("application/xml", index.into_bytes()));
    site.origin.set("/map.xml.gz", body("application/x-gzip", gzip(&map)));
    site.origin.set("/list.txt", body("text/plain", format!("{}\n", url("/t")).into_bytes()));
    site
}

#[test]
fn sitemaps_that_robots_txt_names_are_read() {
    let site = mapped();
    site.run("r", &["--sitemaps", "--depth", "1"]).expect(0);
    let expected = [
        ("/", row(0, "", PAGE)),
        ("/robots.txt", row(0, "/", Role::Robots)),
        ("/index.xml", row(0, "/robots.txt", Role::Sitemap)),
        ("/map.xml.gz", row(1, "/index.xml", Role::Sitemap)),
        ("/list.txt", row(1, "/index.xml", Role::Sitemap)),
        ("/p", row(0, "/map.xml.gz", PAGE)),
        ("/t", row(0, "/list.txt", PAGE)),
        ("/q", row(1, "/p", PAGE)),
    ];
    assert_eq!(site.found("r"), expected.map(|(path, how)| (path.to_owned(), how)).into());
    assert_eq!(site.left_out("r", "out_of_scope"), 1);
    let pages = rows::<Page>(&site.place.store(), "r");
    let listed = pages.iter().find(|page| page.url.ends_with("/p")).expect("the page");
    assert_eq!(listed.input_meta.as_deref(), Some("{\"lastmod\":\"2025-03-04\"}"));
    // No list counts as content.
    let ranking = site.place.data().join("runs/r/report/top.csv");
    let ranking = std::fs::read_to_string(ranking).expect("a ranking");
    for list in ["/robots.txt", "/index.xml", "/map.xml.gz", "/list.txt"] {
        assert!(ranking.contains(&format!("{list},0.000,SKIP,")), "{ranking}");
    }
}

#[test]
fn the_customary_sitemap_is_tried_and_a_sitemap_can_be_the_input() {
    let site = Site::new(&[("/", ""), ("/p", "")]);
    site.origin.set("/robots.txt", Behaviour::Status(404, Vec::new()));
    let map = format!("<urlset><url><loc>{}</loc></url></urlset>", site.origin.url("/p"));
    site.origin.set("/sitemap.xml", Behaviour::Text(map));
    site.run("looked-for", &["--sitemaps"]).expect(0);
    assert_eq!(site.found("looked-for")["/p"], row(0, "/sitemap.xml", PAGE));

    let (allow, url) = (site.origin.addr().to_string(), site.origin.url("/sitemap.xml"));
    for (run, input) in [("by-name", vec![url.as_str()]), ("by-flag", vec!["--sitemap", &url])] {
        let fixed = ["run", "--run", run, "--allow-net", &allow, "--max-failed", "1"];
        site.place.run(&[&fixed, input.as_slice()].concat()).expect(0);
        let expected =
            [("/sitemap.xml", row(0, "", Role::Sitemap)), ("/p", row(0, "/sitemap.xml", PAGE))];
        assert_eq!(site.found(run), expected.map(|(path, how)| (path.to_owned(), how)).into());
        assert_eq!(site.summary(run)["input"]["pages"], 1);
    }
}

#[test]
fn collect_alone_follows_links_too() {
    let site = two_levels();
    let list = site.place.file("urls.txt", format!("{}\n", site.origin.url("/")));
    let allow = site.origin.addr().to_string();
    let args = ["collect", "--run", "r", "--input", &list, "--allow-net", &allow, "--depth", "1"];
    site.place.run(&args).expect(0);
    assert_eq!(site.found("r").len(), 3);
}

/// Stopping at every commit of a crawl, those of levels among them, changes nothing: each stop is
/// one commit further than the last, until a run comes through.
#[cfg(feature = "failpoints")]
#[test]
fn a_stop_at_any_commit_of_a_crawl_changes_nothing() {
    let site = mapped();
    let args = ["--sitemaps", "--depth", "2"];
    let of = |run: &str| {
        let pages = rows::<Page>(&site.place.store(), run);
        let mut pages: Vec<_> =
            pages.into_iter().map(|p| (p.ordinal, p.url, p.found, p.input_meta)).collect();
        pages.sort_by_key(|page| page.0);
        pages
    };
    site.run("calm", &args).expect(0);
    let (calm, start) = (of("calm"), site.origin.url("/"));
    let allow = site.origin.addr().to_string();
    let mut stops = 0;
    // The two moments differ only in whether the commit is there; every third will do for the second.
    for (point, step) in [("commit::before", 1), ("commit::after", 3)] {
        for skipped in (0..).step_by(step) {
            let run = format!("{}-{skipped}", point.replace("::", "-"));
            let fixed = ["run", &start, "--run", &run, "--allow-net", &allow];
            let mut command = site.place.command(&[&fixed[..], &args[..]].concat());
            command.env("FAILPOINTS", format!("{point}={skipped}*off->return"));
            let stopped = command.output().expect("the binary starts").status.code().is_none();
            site.run(&run, &args).expect(0);
            assert_eq!(of(&run), calm, "{run}");
            stops += usize::from(stopped);
            if !stopped {
                break;
            }
        }
    }
    assert!(stops >= 20, "only {stops} stops");
}
