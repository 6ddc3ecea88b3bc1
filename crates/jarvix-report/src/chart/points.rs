//! Bars of points that were gained or lost, beside a row of a table.

use crate::Milli;

/// Bars of points that may be gained or lost, on one scale around a zero line, so that the rows of
/// all tables that share the scale can be compared.
pub(crate) struct PointScale {
    /// Where zero stands, in percent of the width.
    pub(crate) zero: Milli,
    /// What the whole width stands for: the most that is gained and the most that is lost.
    span: i64,
}

impl PointScale {
    /// A scale that holds all of `points`.
    pub(crate) fn of(points: impl Iterator<Item = Milli> + Clone) -> Self {
        let gain = points.clone().map(|p| p.0).max().unwrap_or(0).max(1);
        let loss = points.map(|p| p.0.saturating_neg()).max().unwrap_or(0).max(0);
        let span = gain.saturating_add(loss);
        Self { zero: Milli(share_of(loss, span)), span }
    }

    /// Left edge and width of the bar of `points`, in percent.
    pub(crate) fn bar(&self, points: Milli) -> (Milli, Milli) {
        let width = share_of(points.abs().0, self.span);
        (Milli(if points.0 < 0 { self.zero.0 - width } else { self.zero.0 }), Milli(width))
    }
}

/// `part` of `whole` in thousandths of a percent, rounded down so that bars never stick out.
fn share_of(part: i64, whole: i64) -> i64 {
    let share = i128::from(part) * 100_000 / i128::from(whole);
    i64::try_from(share).unwrap_or(100_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn points_stay_inside_on_one_scale(points in proptest::collection::vec(-100_000i64..=100_000, 1..20)) {
            let scale = PointScale::of(points.iter().map(|p| Milli(*p)));
            for p in &points {
                let (x, width) = scale.bar(Milli(*p));
                prop_assert!(x.0 >= 0 && width.0 >= 0 && x.0 + width.0 <= 100_000, "{x} {width}");
                prop_assert_eq!(width, scale.bar(Milli(-p)).1);
            }
        }
    }
}
