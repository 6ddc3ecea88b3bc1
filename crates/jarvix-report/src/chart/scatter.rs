//! Hosts as dots: to the right those with more pages, each step of the same width ten times as many;
//! higher those whose documents score better. Names stand where they collide with nothing.

use super::{Frame, Tick, score_ticks};
use crate::{HostRow, Milli, words};

/// Height of the strip above the plot: half a label.
const HEAD: u64 = 12;
/// Height of the plot.
const PLOT: u64 = 190;
/// Height of the strip below the plot that the numbers of pages stand in.
const FOOT: u64 = 26;
/// Left edge of the plot, in thousandths of a percent.
const LEFT: i64 = 9_000;
/// Right edge of the plot.
const RIGHT: i64 = 99_000;
/// From the edges of the plot to the first and the last dot.
const INSET: i64 = 5_000;
/// Fewer dots are no cloud.
const DOTS_MIN: usize = 3;
/// Characters of a name; the table has all of it.
const NAME_CHARS_MAX: usize = 18;
/// Width of a letter of a name where the chart is 450 pixels wide, in thousandths of a percent; where
/// it is narrower there are no names.
const LETTER: i64 = 1_450;
/// From a dot's middle to a name beside it, and from a dot's middle to that of a name above or below it.
const NAME_GAP: (i64, u64) = (1_600, 17);
/// Half of the room of a dot: across and down.
const DOT: (i64, u64) = (1_000, 4);
/// Half the height of a name, in pixels.
const NAME_HALF: u64 = 6;
/// Room for a number of pages on the x axis.
const X_LABEL: i64 = 11_000;
/// Bits of a logarithm behind the point.
const LOG_BITS: u32 = 10;

/// Pages and mean scores of hosts, drawn.
pub(crate) struct Scatter {
    pub(crate) frame: Frame,
    pub(crate) dots: Vec<Dot>,
}

/// A host.
pub(crate) struct Dot {
    pub(crate) x: Milli,
    pub(crate) y: u64,
    pub(crate) about: String,
    pub(crate) name: Option<Name>,
}

/// A host's name beside its dot.
pub(crate) struct Name {
    pub(crate) x: Milli,
    /// Its middle.
    pub(crate) y: u64,
    /// `start`, `middle` or `end`: which part of the name stands at `x`.
    pub(crate) anchor: &'static str,
    pub(crate) text: String,
}

/// What is taken: from left to right in thousandths of a percent, from top to bottom in pixels.
#[derive(Clone, Copy)]
struct Room {
    x: (i64, i64),
    y: (u64, u64),
}

impl Room {
    fn meets(self, other: Self) -> bool {
        self.x.0 < other.x.1 && other.x.0 < self.x.1 && self.y.0 < other.y.1 && other.y.0 < self.y.1
    }

    fn of_dot(x: i64, y: u64) -> Self {
        Self { x: (x - DOT.0, x + DOT.0), y: (y.saturating_sub(DOT.1), y + DOT.1) }
    }
}

impl Scatter {
    /// The chart of `hosts`, of which names are shown as `named` says; `None` where too few of them
    /// have a score.
    pub(crate) fn of(hosts: &[HostRow], named: impl Fn(&HostRow) -> String) -> Option<Self> {
        let scored: Vec<(&HostRow, Milli)> =
            hosts.iter().filter_map(|host| Some((host, host.mean_score?))).collect();
        let fewest = scored.iter().map(|(host, _)| host.pages).min()?;
        let most = scored.iter().map(|(host, _)| host.pages).max()?;
        if scored.len() < DOTS_MIN {
            return None;
        }
        let (low, high) = (round_below(fewest), round_above(most));
        let scale = Scale { low: log2(low), high: log2(high) };
        let mut dots: Vec<Dot> = scored
            .iter()
            .map(|(host, mean)| Dot {
                x: Milli(scale.x(host.pages)),
                y: super::height(*mean, HEAD, PLOT),
                about: format!(
                    "{}: {}, mean score {mean:.1}",
                    named(host),
                    words::counted(host.pages, "page", "pages")
                ),
                name: None,
            })
            .collect();
        let y_ticks = score_ticks(LEFT, HEAD, PLOT);
        name_dots(&mut dots, &y_ticks, scored.iter().map(|(host, _)| named(host)));
        let base = HEAD + PLOT;
        let x_ticks = x_ticks(&scale, (low, high), base);
        let (height, left, right) = (base + FOOT, Milli(LEFT), Milli(RIGHT));
        Some(Self { frame: Frame { height, left, right, base, x_ticks, y_ticks }, dots })
    }
}

/// Where a number of pages stands: by its logarithm.
struct Scale {
    low: i64,
    high: i64,
}

impl Scale {
    fn x(&self, pages: u64) -> i64 {
        let room = RIGHT - LEFT - 2 * INSET;
        match self.high - self.low {
            0 => LEFT + INSET + room / 2,
            span => LEFT + INSET + room * (log2(pages) - self.low) / span,
        }
    }
}

/// The logarithm to the base of two, in units of 2^-[`LOG_BITS`], rounded down: by squaring.
fn log2(n: u64) -> i64 {
    let n = n.max(1);
    let whole = n.ilog2();
    // The mantissa, from 1 to 2, with 32 bits behind the point.
    let mut mantissa = (u128::from(n) << 32) >> whole;
    let mut log = i64::from(whole);
    for _ in 0..LOG_BITS {
        mantissa = (mantissa * mantissa) >> 32;
        let bit = mantissa >> 33;
        mantissa >>= bit;
        log = 2 * log + i64::from(bit == 1);
    }
    log
}

/// 1, 2, 5, 10, 20, 50 and so on.
fn round_numbers() -> impl Iterator<Item = u64> {
    let powers = std::iter::successors(Some(1_u64), |n| n.checked_mul(10));
    powers.flat_map(|power| [1, 2, 5].map(|factor| power.saturating_mul(factor)))
}

fn round_below(n: u64) -> u64 {
    round_numbers().take_while(|round| *round <= n).last().unwrap_or(1)
}

fn round_above(n: u64) -> u64 {
    round_numbers().find(|round| *round >= n).unwrap_or(u64::MAX)
}

/// The ends of the scale, powers of ten, and what fits between them.
fn x_ticks(scale: &Scale, (low, high): (u64, u64), base: u64) -> Vec<Tick> {
    let mut taken: Vec<(i64, u64)> = Vec::new();
    let mut all: Vec<u64> = round_numbers().filter(|n| (low..=high).contains(n)).collect();
    // The ends of the scale first, then powers of ten.
    all.sort_by_key(|n| (*n != low && *n != high, n.to_string().trim_end_matches('0') != "1"));
    for pages in all {
        let x = scale.x(pages);
        if taken.iter().all(|(other, _)| (x - other).abs() >= X_LABEL) {
            taken.push((x, pages));
        }
    }
    taken.sort_unstable();
    let tick = |(x, pages)| Tick { x: Milli(x), y: base + 18, label: words::compact(pages) };
    taken.into_iter().map(tick).collect()
}

/// Names as many dots as there is room for, the first ones first.
fn name_dots(dots: &mut [Dot], lines: &[Tick], names: impl Iterator<Item = String>) {
    let places: Vec<Room> = dots.iter().map(|dot| Room::of_dot(dot.x.0, dot.y)).collect();
    let mut taken: Vec<Room> = Vec::new();
    for (at, name) in names.enumerate() {
        let short = name.strip_prefix("www.").unwrap_or(&name);
        let text = crate::escape::shortened(short, NAME_CHARS_MAX);
        let (x, y) = (dots[at].x.0, dots[at].y);
        let room = |(anchor, x, y): (&'static str, i64, u64)| {
            let name = Name { x: Milli(x), y, anchor, text: text.clone() };
            (name_room(&name), name)
        };
        let (beside, below) = NAME_GAP;
        let sides = [
            ("start", x + beside, y),
            ("end", x - beside, y),
            ("middle", x, y.saturating_sub(below)),
            ("middle", x, y + below),
            ("end", x + DOT.0, y.saturating_sub(below)),
            ("end", x + DOT.0, y + below),
            ("start", x - DOT.0, y.saturating_sub(below)),
            ("start", x - DOT.0, y + below),
        ];
        let is_free = |room: Room| {
            let others = places.iter().enumerate().filter(|(other, _)| *other != at);
            let apart = others.map(|(_, place)| place).chain(&taken).all(|one| !room.meets(*one));
            let is_inside = room.x.0 >= LEFT && room.x.1 <= 100_000 && room.y.1 <= HEAD + PLOT;
            apart && is_inside
        };
        let free: Vec<(Room, Name)> =
            sides.into_iter().map(room).filter(|(room, _)| is_free(*room)).collect();
        // Rather not on a line of the grid.
        let is_clear = |(room, _): &(Room, Name)| {
            !lines.iter().any(|line| (room.y.0..room.y.1).contains(&line.y))
        };
        let best = free.iter().position(is_clear).unwrap_or(0);
        if let Some((room, name)) = free.into_iter().nth(best) {
            taken.push(room);
            dots[at].name = Some(name);
        }
    }
}

fn name_room(name: &Name) -> Room {
    let width = LETTER * name.text.chars().count() as i64;
    let from = match name.anchor {
        "start" => name.x.0,
        "end" => name.x.0 - width,
        _ => name.x.0 - width / 2,
    };
    Room { x: (from, from + width), y: (name.y.saturating_sub(NAME_HALF), name.y + NAME_HALF) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host((pages, mean): (u64, Option<i64>)) -> HostRow {
        let host = format!("host-{pages}.example.org");
        HostRow { host, pages, failed: 0, documents: pages, mean_score: mean.map(Milli) }
    }

    fn chart(hosts: &[(u64, Option<i64>)]) -> Option<Scatter> {
        let hosts: Vec<HostRow> = hosts.iter().copied().map(host).collect();
        Scatter::of(&hosts, |host| host.host.clone())
    }

    #[test]
    fn logarithms_are_those_of_the_books() {
        let log10 = |n: u64| log2(n) as f64 / f64::from(1 << LOG_BITS) / 10f64.log2();
        for (n, expected) in [(1, 0.0), (3, 0.47712), (10, 1.0), (1_000, 3.0), (48_211, 4.68314)] {
            assert!((log10(n) - expected).abs() < 0.001, "{n}: {}", log10(n));
        }
        assert_eq!(log2(u64::MAX) >> LOG_BITS, 63);
    }

    #[test]
    fn two_hosts_are_no_cloud() {
        assert!(chart(&[]).is_none());
        assert!(chart(&[(1, Some(1)), (2, Some(2)), (3, None)]).is_none());
        let chart = chart(&[(10, Some(0)), (100, Some(50_000)), (1_000, Some(100_000))]);
        let chart = chart.expect("three dots");
        let x: Vec<i64> = chart.dots.iter().map(|dot| dot.x.0).collect();
        assert!((x[2] - x[1] - (x[1] - x[0])).abs() < 100, "a tenfold is a step: {x:?}");
        assert_eq!((chart.dots[0].y, chart.dots[2].y), (chart.frame.base, HEAD));
        assert!(chart.dots.iter().all(|dot| dot.name.is_some()));
        let labels: Vec<&str> =
            chart.frame.x_ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["10", "20", "50", "100", "200", "500", "1k"]);
    }

    proptest! {
        #[test]
        fn everything_stays_inside_and_names_are_apart(
            hosts in proptest::collection::vec((1u64..1_000_000_000, proptest::option::of(0i64..=100_000)), 3..40),
        ) {
            let Some(chart) = chart(&hosts) else { return Ok(()) };
            let mut rooms: Vec<Room> = Vec::new();
            for dot in &chart.dots {
                prop_assert!(dot.x.0 >= LEFT && dot.x.0 <= RIGHT);
                prop_assert!(dot.y >= HEAD && dot.y <= chart.frame.base);
                if let Some(name) = &dot.name {
                    rooms.push(name_room(name));
                }
            }
            for (at, room) in rooms.iter().enumerate() {
                prop_assert!(room.x.0 >= LEFT && room.x.1 <= 100_000);
                prop_assert!(rooms[..at].iter().all(|other| !room.meets(*other)), "names collide");
            }
            prop_assert!(!chart.frame.x_ticks.is_empty());
            prop_assert!(chart.frame.x_ticks.windows(2).all(|two| two[1].x.0 - two[0].x.0 >= X_LABEL));
        }
    }
}
