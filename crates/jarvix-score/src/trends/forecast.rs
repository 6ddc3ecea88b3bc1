//! Where a series of scores goes next: exponential smoothing (ETS, Hyndman et al. 2002, by `augurs`),
//! but only where it has earned it. A forecast is shown if it would have been nearer to what came than
//! "as the last time" on the series' own past; its interval is what it missed there by.
//!
//! What it refuses to do: forecast from a handful of runs, or show an interval that was never tried.

use augurs_core::prelude::*;
use augurs_ets::AutoETS;

/// Fewest values that a forecast is made from.
pub const VALUES_MIN: usize = 12;
/// Values at least that the first forecast of the trial may see: the models take no fewer.
const TRAINED_MIN: usize = 9;
/// How much of what comes lies within the interval, if the past is a guide.
pub const COVERAGE: f64 = 0.8;
/// Scores stand between these.
const SCORES: (f64, f64) = (0.0, 100.0);

/// What the next value is expected to be, in points.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Forecast {
    /// The value itself.
    pub point: f64,
    /// The lower end of the interval that holds four fifths of what comes.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Mean distance to what came, in the trial.
    pub missed_by: f64,
    /// The same for "as the last time".
    pub naive_missed_by: f64,
}

/// Why there is no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoForecast {
    /// There are fewer than twelve values, or none can be made from them.
    NotEnoughData,
    /// "As the last time" was as near.
    NoBetterThanNaive,
}

/// The next value of `series`, one value a run.
///
/// The trial forecasts each value from those before it, once nine are there. Runs have no
/// season, so the seasonal naive forecast is the value before. The interval is split conformal (Vovk
/// et al. 2005): the trial's distances at the level of four fifths, held within the possible scores.
pub fn forecast(series: &[f64]) -> Result<Forecast, NoForecast> {
    if series.len() < VALUES_MIN || series.iter().any(|value| !value.is_finite()) {
        return Err(NoForecast::NotEnoughData);
    }
    let (mut misses, mut naive) = (Vec::new(), 0.0);
    for known in TRAINED_MIN..series.len() {
        let point = next(&series[..known]).ok_or(NoForecast::NotEnoughData)?;
        misses.push((point - series[known]).abs());
        naive += (series[known - 1] - series[known]).abs();
    }
    let missed_by = misses.iter().sum::<f64>() / misses.len() as f64;
    let naive_missed_by = naive / misses.len() as f64;
    if missed_by >= naive_missed_by {
        return Err(NoForecast::NoBetterThanNaive);
    }
    let point = next(series).ok_or(NoForecast::NotEnoughData)?;
    let reach = quantile(&mut misses);
    let held = |value: f64| value.clamp(SCORES.0, SCORES.1);
    let (low, high) = (held(point - reach), held(point + reach));
    Ok(Forecast { point: held(point), low, high, missed_by, naive_missed_by })
}

/// One step ahead.
fn next(series: &[f64]) -> Option<f64> {
    // The models divide by the spread of what they see; a flat line goes on as it is.
    if series.iter().all(|value| *value == series[0]) {
        return Some(series[0]);
    }
    let model = AutoETS::non_seasonal().fit(series).ok()?;
    let point = model.predict(1, None).ok()?.point.first().copied()?;
    point.is_finite().then_some(point)
}

/// The distance that [`COVERAGE`] of new values keep within, by the rule of split conformal
/// prediction: the ceil((n + 1) * coverage)-th of n, the largest where there are too few.
fn quantile(misses: &mut [f64]) -> f64 {
    misses.sort_by(f64::total_cmp);
    let place = ((misses.len() + 1) as f64 * COVERAGE).ceil() as usize;
    misses.get(place.saturating_sub(1)).or(misses.last()).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series that climbs, with noise that is the same every time.
    fn climbing(count: usize, step: f64) -> Vec<f64> {
        let noise = |at: usize| ((at * 7919) % 13) as f64 / 13.0 - 0.5;
        (0..count).map(|at| 20.0 + step * at as f64 + noise(at)).collect()
    }

    #[test]
    fn a_trend_is_seen_and_held_within_the_scores() {
        let series = climbing(14, 3.0);
        let found = forecast(&series).expect("a trend is better than standing still");
        assert!((found.point - 62.0).abs() < 3.0, "{found:?}");
        assert!(found.low < found.point && found.point < found.high, "{found:?}");
        assert!(found.missed_by < found.naive_missed_by, "{found:?}");
        // It would go on beyond what a score can be.
        let found = forecast(&climbing(14, 6.0)).expect("the same, steeper");
        assert_eq!((found.point, found.high), (100.0, 100.0), "{found:?}");
    }

    #[test]
    fn few_values_and_flat_lines_have_no_forecast() {
        assert_eq!(forecast(&climbing(11, 3.0)), Err(NoForecast::NotEnoughData));
        assert_eq!(forecast(&[]), Err(NoForecast::NotEnoughData));
        assert_eq!(forecast(&[50.0; 14]), Err(NoForecast::NoBetterThanNaive));
        let mut broken = climbing(14, 1.0);
        broken[3] = f64::NAN;
        assert_eq!(forecast(&broken), Err(NoForecast::NotEnoughData));
    }

    #[test]
    fn the_interval_holds_as_much_as_it_says() {
        // Many series of a trend with noise: what comes next lies within at about the stated share.
        let mut state = 1_u64;
        let mut roll = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
        };
        let (mut within, mut shown) = (0, 0);
        for _ in 0..200 {
            let series: Vec<f64> =
                (0..21).map(|at| 20.0 + 2.5 * at as f64 + 4.0 * roll()).collect();
            if let Ok(found) = forecast(&series[..20]) {
                shown += 1;
                within += u32::from((found.low..=found.high).contains(&series[20]));
            }
        }
        let share = f64::from(within) / f64::from(shown);
        assert!(shown > 100 && (0.70..=0.92).contains(&share), "{within} of {shown}");
    }
}
