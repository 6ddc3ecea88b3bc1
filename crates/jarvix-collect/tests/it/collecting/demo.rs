//! The demo's table: every URL ends as it says there.

use jarvix_collect::settings::AllowNet;
use jarvix_core::Outcome;
use jarvix_origin::{Origin, OriginSettings, demo};

use super::Lab;

#[test]
fn every_url_of_the_demo_ends_as_expected() {
    let origin = Origin::start(OriginSettings::demo()).expect("an origin");
    let mut lab = Lab::new();
    lab.settings.allow_net = vec![AllowNet::only(origin.addr())];
    lab.settings.timeout = demo::TIMEOUT;
    lab.settings.retries = 1;
    let pages = lab.pages_of(demo::urls(origin.addr()));
    let expected = demo::expected(origin.addr());
    for line in &expected {
        let page = &pages[&line.url];
        assert_eq!(page.outcome, line.outcome, "{} ({}): {:?}", line.url, line.about, page.reason);
        assert_eq!(page.body.is_some(), has_body(line.outcome), "{} ({})", line.url, line.about);
    }
    assert_eq!(pages.len(), expected.len());
}

fn has_body(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Fetched | Outcome::HttpError | Outcome::Incomplete)
}
