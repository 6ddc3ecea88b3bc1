//! Weights from labelled rows: logistic regression (Cox 1958) whose coefficients keep the signs of the
//! weights, pulled towards the weights that there are. Projected gradient descent with a fixed number
//! of steps: the same labels give the same weights.

/// Steps of the descent.
const STEPS: usize = 4_000;
/// Length of the first step; later ones get shorter.
const RATE: f64 = 0.5;
/// How strongly coefficients are pulled back: this many labels' worth.
const PULL: f64 = 4.0;
/// What the coefficients of the profile as it is add up to: about what parts good from bad.
const SCALE: f64 = 8.0;

/// The weights in thousandths for signals whose shares, 0 to 1, are the `rows`, and whose weights are
/// `old`. Positive ones add up to `maximum`; none changes its sign or becomes zero.
pub(super) fn weights(rows: &[&[f64]], good: &[bool], old: &[i64], maximum: i64) -> Vec<i64> {
    let unit = SCALE / maximum.max(1) as f64;
    let start: Vec<f64> = old.iter().map(|weight| *weight as f64 * unit).collect();
    let fitted = descend(rows, good, &start);
    rounded(&fitted, old, maximum)
}

fn descend(rows: &[&[f64]], good: &[bool], start: &[f64]) -> Vec<f64> {
    let count = rows.len().max(1) as f64;
    let (mut weights, mut bias) = (start.to_vec(), 0.0);
    let mut gradient = vec![0.0; start.len()];
    for step in 0..STEPS {
        gradient.fill(0.0);
        let mut bias_gradient = 0.0;
        for (row, good) in rows.iter().zip(good) {
            let sum: f64 = row.iter().zip(&weights).map(|(share, weight)| share * weight).sum();
            let miss = 1.0 / (1.0 + libm::exp(-(sum + bias))) - f64::from(u8::from(*good));
            bias_gradient += miss;
            gradient.iter_mut().zip(*row).for_each(|(slope, share)| *slope += miss * share);
        }
        let rate = RATE / (1.0 + step as f64 / 500.0);
        bias -= rate * bias_gradient / count;
        for (at, weight) in weights.iter_mut().enumerate() {
            let pull = PULL * (*weight - start[at]) / SCALE;
            let moved = *weight - rate * (gradient[at] + pull) / count;
            // The sign says what the signal is for.
            *weight = if start[at] > 0.0 { moved.max(0.0) } else { moved.min(0.0) };
        }
    }
    weights
}

/// Coefficients as weights: the positive ones make up the maximum, penalties keep their proportion to
/// them, within what a weight may be.
fn rounded(fitted: &[f64], old: &[i64], maximum: i64) -> Vec<i64> {
    let positive: f64 = fitted.iter().filter(|w| **w > 0.0).sum();
    if positive <= 0.0 {
        return old.to_vec();
    }
    let factor = maximum as f64 / positive;
    let mut weights: Vec<i64> = fitted
        .iter()
        .zip(old)
        .map(|(weight, old)| {
            // A tenth of a point is fine enough for people; the smallest says that it hardly counts.
            let tenths = (weight * factor / 100.0).round() as i64 * 100;
            if *old > 0 { tenths.max(100) } else { tenths.clamp(-maximum, -100) }
        })
        .collect();
    let sum: i64 = weights.iter().filter(|w| **w > 0).sum();
    // What rounding left goes to the largest, which feels it least.
    if let Some(largest) = weights.iter_mut().max_by_key(|weight| **weight) {
        *largest += maximum - sum;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_the_kinds_apart_gains_weight() {
        // The first signal is the label, the second is noise, the penalty stands on bad pages.
        let rows: Vec<[f64; 3]> = (0..200)
            .map(|at| {
                let good = at % 2 == 0;
                let noise = f64::from((at * 37) % 100) / 100.0;
                [if good { 0.8 } else { 0.2 }, noise, if good { 0.1 } else { 0.6 }]
            })
            .collect();
        let rows: Vec<&[f64]> = rows.iter().map(<[f64; 3]>::as_slice).collect();
        let good: Vec<bool> = (0..200).map(|at| at % 2 == 0).collect();
        let new = weights(&rows, &good, &[40_000, 60_000, -10_000], 100_000);
        assert_eq!(new[0] + new[1], 100_000);
        assert!(new[0] > 60_000, "{new:?}");
        assert!(new[2] < -10_000, "{new:?}");
        assert_eq!(new, weights(&rows, &good, &[40_000, 60_000, -10_000], 100_000));
    }

    #[test]
    fn few_labels_hardly_move_anything_and_none_changes_its_sign() {
        let row = [0.5, 0.5, 0.5];
        let new = weights(&[&row], &[true], &[40_000, 60_000, -10_000], 100_000);
        assert!((new[0] - 40_000).abs() < 5_000, "{new:?}");
        let bad = [1.0, 0.0, 0.0];
        let rows = vec![&bad[..]; 500];
        let new = weights(&rows, &[false; 500], &[40_000, 60_000, -10_000], 100_000);
        assert!(new[0] > 0 && new[2] < 0, "{new:?}");
        assert_eq!(new[0] + new[1], 100_000);
    }
}
