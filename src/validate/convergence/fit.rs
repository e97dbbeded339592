//! The rate at which a quantity falls with N: C N^-a fitted on the raw scale.
//!
//! The fit minimises sum_i (y_i - C N_i^-a)^2 / s_i^2 by Gauss and Newton in (ln C, a). A sampled point has its standard
//! error for s_i; an exact one has none, but C N^-a is only the leading term, so that exact points carry a *misfit* of tau
//! times the curve: s_i^2 = se_i^2 + tau^2 f_i^2, tau such that the weighted squares sum to their degrees of freedom
//! (Paule & Mandel 1982). Without exact points tau is 0, the weights are 1/se^2, and the sum of squares is a chi-square.

use crate::stats::{Interval, chi_square_tail, normal_quantile, student_quantile};

/// Confidence of the interval of an exponent, by normal theory (Student's, where the misfit is estimated).
const CONFIDENCE: f64 = 0.95;
/// Steps of Gauss and Newton, and of the bisection for tau.
const STEPS: usize = 100;
/// The largest misfit that is looked for.
const MOST_MISFIT: f64 = 10.0;

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// N.
    pub population: u64,
    /// y.
    pub value: f64,
    /// Its standard error; 0 where y is exact.
    pub std_error: f64,
}

/// A fitted rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// C.
    pub constant: f64,
    /// a.
    pub exponent: f64,
    /// Limits of a at 95% confidence; descriptive.
    pub interval: Interval,
    /// tau, the relative misfit of exact points; 0 where there are none.
    pub misfit: f64,
    /// The probability of squares as large as these were the curve true; `NaN` with exact points or two points.
    pub lack_of_fit: f64,
}

impl Rate {
    /// Whether the points lie on one power of N: no lack of fit at level 1%, exact ones within 5% of the curve.
    pub fn is_borne_out(&self) -> bool {
        self.misfit <= 0.05 && (self.lack_of_fit.is_nan() || self.lack_of_fit >= 0.01)
    }
}

/// The exponent between two neighbouring points, -ln(y_2/y_1) / ln(N_2/N_1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The smaller N.
    pub from: u64,
    /// The larger N.
    pub to: u64,
    /// The exponent; `NaN` where a value is not positive.
    pub exponent: f64,
    /// Its limits at 95% confidence, by the standard errors alone.
    pub interval: Interval,
}

/// The squares of one trial curve, and what the next step needs.
struct Curve {
    log_constant: f64,
    exponent: f64,
}

impl Curve {
    /// f(N), N relative to `centre`.
    fn at(&self, log_population: f64) -> f64 {
        libm::exp(self.log_constant - self.exponent * log_population)
    }
}

/// Fit C N^-a to at least three points of rising N whose values are positive; `None` where there are fewer, or where no
/// curve is found.
pub fn fit_rate(points: &[Point]) -> Option<Rate> {
    let usable = |p: &Point| p.value > 0.0 && p.value.is_finite() && p.std_error >= 0.0;
    if points.len() < 3 || !points.iter().all(usable) {
        return None;
    }
    let exact = points.iter().any(|p| p.std_error == 0.0);
    let freedom = points.len() as f64 - 2.0;
    let misfit = if exact { misfit(points, freedom)? } else { 0.0 };
    let (curve, centre) = solve(points, misfit)?;
    let spread = std_error(points, &curve, centre, misfit);
    let quantile = if exact {
        student_quantile(0.5 + 0.5 * CONFIDENCE, freedom)
    } else {
        normal_quantile(0.5 + 0.5 * CONFIDENCE)
    };
    let squares = squares(points, &curve, centre, misfit);
    Some(Rate {
        constant: libm::exp(curve.log_constant + curve.exponent * centre),
        exponent: curve.exponent,
        interval: around(curve.exponent, quantile * spread),
        misfit,
        lack_of_fit: if exact {
            f64::NAN
        } else {
            chi_square_tail(squares, freedom)
        },
    })
}

/// The exponents between neighbours.
pub fn local_slopes(points: &[Point]) -> Vec<Slope> {
    let quantile = normal_quantile(0.5 + 0.5 * CONFIDENCE);
    let slope = |pair: &[Point]| {
        let run = libm::log(pair[1].population as f64 / pair[0].population as f64);
        let exponent = -libm::log(pair[1].value / pair[0].value) / run;
        let relative = pair.iter().map(|p| p.std_error / p.value);
        let spread = relative.map(|r| r * r).sum::<f64>().sqrt() / run.abs();
        let known = pair.iter().all(|p| p.value > 0.0);
        let exponent = if known { exponent } else { f64::NAN };
        Slope {
            from: pair[0].population,
            to: pair[1].population,
            exponent,
            interval: around(exponent, quantile * spread),
        }
    };
    points.windows(2).map(slope).collect()
}

fn around(middle: f64, reach: f64) -> Interval {
    Interval {
        low: middle - reach,
        high: middle + reach,
    }
}

fn log_population(point: &Point, centre: f64) -> f64 {
    libm::log(point.population as f64) - centre
}

/// 1 / s_i^2 at a curve. Where neither error nor misfit is given, points count by their relative distance.
fn weight(point: &Point, fitted: f64, misfit: f64) -> f64 {
    let variance = point.std_error * point.std_error + misfit * misfit * fitted * fitted;
    1.0 / if variance > 0.0 {
        variance
    } else {
        fitted * fitted * f64::EPSILON
    }
}

fn squares(points: &[Point], curve: &Curve, centre: f64, misfit: f64) -> f64 {
    let square = |p: &Point| {
        let fitted = curve.at(log_population(p, centre));
        let residual = p.value - fitted;
        weight(p, fitted, misfit) * residual * residual
    };
    points.iter().map(square).sum()
}

/// tau: the weighted squares fall as it grows, and meet their degrees of freedom there.
fn misfit(points: &[Point], freedom: f64) -> Option<f64> {
    let excess = |tau: f64| {
        let (curve, centre) = solve(points, tau)?;
        Some(squares(points, &curve, centre, tau) - freedom)
    };
    // The logarithm of tau is halved: exact power laws leave rounding only.
    let (mut low, mut high) = (libm::log(1e-14), libm::log(MOST_MISFIT));
    if excess(libm::exp(low))? <= 0.0 {
        return Some(libm::exp(low));
    }
    for _ in 0..STEPS / 2 {
        let middle = 0.5 * (low + high);
        if excess(libm::exp(middle))? > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(libm::exp(0.5 * (low + high)))
}

/// The best curve, and the mean of ln N around which it is written.
fn solve(points: &[Point], misfit: f64) -> Option<(Curve, f64)> {
    let logs = points.iter().map(|p| libm::log(p.population as f64));
    let centre = logs.sum::<f64>() / points.len() as f64;
    let mut curve = start(points, centre)?;
    for _ in 0..STEPS {
        let [uu, uv, vv, ur, vr] = normal_equations(points, &curve, centre, misfit);
        let determinant = uu * vv - uv * uv;
        if determinant.is_nan() || determinant <= 0.0 {
            return None;
        }
        let step = [
            (vv * ur - uv * vr) / determinant,
            (uu * vr - uv * ur) / determinant,
        ];
        // Weights that follow the curve are held within a step; long steps are shortened.
        let length = step[0].abs().max(step[1].abs());
        let scale = if length > 0.5 { 0.5 / length } else { 1.0 };
        curve.log_constant += scale * step[0];
        curve.exponent += scale * step[1];
        if length < 1e-13 {
            break;
        }
    }
    (curve.log_constant.is_finite() && curve.exponent.is_finite()).then_some((curve, centre))
}

/// Least squares of ln y, to begin with.
fn start(points: &[Point], centre: f64) -> Option<Curve> {
    let (mut weights, mut mean, mut cross, mut square) = (0.0, 0.0, 0.0, 0.0);
    for p in points {
        let x = log_population(p, centre);
        weights += 1.0;
        mean += libm::log(p.value);
        cross += x * libm::log(p.value);
        square += x * x;
    }
    (square > 0.0).then(|| Curve {
        log_constant: mean / weights,
        exponent: -cross / square,
    })
}

/// Sums of w u u, w u v, w v v, w u r, w v r, with u, v the derivatives of f by ln C and a, r the residual.
fn normal_equations(points: &[Point], curve: &Curve, centre: f64, misfit: f64) -> [f64; 5] {
    let mut sums = [0.0; 5];
    for p in points {
        let x = log_population(p, centre);
        let fitted = curve.at(x);
        let (u, v, r) = (fitted, -fitted * x, p.value - fitted);
        let w = weight(p, fitted, misfit);
        for (sum, term) in sums.iter_mut().zip([u * u, u * v, v * v, u * r, v * r]) {
            *sum += w * term;
        }
    }
    sums
}

/// Of a.
fn std_error(points: &[Point], curve: &Curve, centre: f64, misfit: f64) -> f64 {
    let [uu, uv, vv, ..] = normal_equations(points, curve, centre, misfit);
    (uu / (uu * vv - uv * uv)).sqrt()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::stats::clopper_pearson;
    use crate::stream::{Role, Stream};

    const GRID: [u64; 6] = [50, 100, 200, 400, 800, 1600];

    fn law(constant: f64, exponent: f64) -> impl Fn(u64) -> f64 {
        move |n| constant * libm::pow(n as f64, -exponent)
    }

    /// A standard normal number.
    fn normal(stream: &mut Stream) -> f64 {
        normal_quantile(stream.random::<f64>().clamp(1e-12, 1.0 - 1e-12))
    }

    /// Points on a curve with normal noise of `relative` size; standard errors are claimed to be `claimed` times that.
    fn noisy(seed: u64, relative: f64, claimed: f64, curve: impl Fn(u64) -> f64) -> Vec<Point> {
        let mut stream = Stream::new(5, 1, seed, Role::Followers);
        let point = |n: &u64| {
            let std_error = relative * curve(*n);
            Point {
                population: *n,
                value: curve(*n) + std_error * normal(&mut stream),
                std_error: claimed * std_error,
            }
        };
        GRID.iter().map(point).collect()
    }

    fn covered(trials: u64, claimed: f64, exponent: f64) -> u64 {
        let covers = |seed: &u64| {
            let points = noisy(*seed, 0.05, claimed, law(3.0, exponent));
            let interval = fit_rate(&points).unwrap().interval;
            interval.low <= exponent && exponent <= interval.high
        };
        (1..=trials).filter(covers).count() as u64
    }

    #[test]
    fn an_exact_power_law_is_found() {
        for (constant, exponent) in [(3.0, 0.5), (1e-7, 1.0), (40.0, 2.0)] {
            let points = noisy(1, 0.0, 0.0, law(constant, exponent));
            let rate = fit_rate(&points).unwrap();
            assert!((rate.exponent - exponent).abs() < 1e-9, "{rate:?}");
            assert!((rate.constant / constant - 1.0).abs() < 1e-8, "{rate:?}");
            assert!(rate.interval.low <= exponent + 1e-9 && exponent - 1e-9 <= rate.interval.high);
            for slope in local_slopes(&points) {
                assert!((slope.exponent - exponent).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn intervals_cover_at_their_nominal_rate_and_not_where_errors_are_understated() {
        for exponent in [0.5, 1.0] {
            let interval = clopper_pearson(covered(2000, 1.0, exponent), 2000, 0.001);
            assert!(
                interval.low <= 0.95 && 0.95 <= interval.high,
                "{interval:?}"
            );
            // Standard errors half as large as they are: the same check sees it.
            let planted = clopper_pearson(covered(2000, 0.5, exponent), 2000, 0.001);
            assert!(planted.high < 0.95, "{planted:?}");
        }
    }

    #[test]
    fn exact_points_get_an_interval_from_their_misfit() {
        // 1/N + 20/N^2: the leading term's exponent is 1, and the local slopes fall towards it.
        let curve = |n: u64| 1.0 / n as f64 + 20.0 / (n as f64 * n as f64);
        let points = noisy(1, 0.0, 0.0, curve);
        let rate = fit_rate(&points).unwrap();
        assert!(rate.misfit > 1e-3 && rate.lack_of_fit.is_nan());
        assert!(rate.interval.low > 1.0 && rate.exponent < 1.3, "{rate:?}");
        let slopes = local_slopes(&points);
        assert!(slopes.windows(2).all(|s| s[1].exponent < s[0].exponent));
        // With relative noise on "exact" points the interval covers about as it should.
        let trials = 1000;
        let covers = |seed: &u64| {
            let interval = fit_rate(&noisy(*seed, 0.05, 0.0, law(3.0, 0.5)))
                .unwrap()
                .interval;
            interval.low <= 0.5 && 0.5 <= interval.high
        };
        let hits = (1..=trials).filter(covers).count() as u64;
        let rate = clopper_pearson(hits, trials, 0.001);
        assert!(rate.low <= 0.95 && 0.95 <= rate.high, "{rate:?}");
    }

    #[test]
    fn lack_of_fit_has_its_level_and_sees_a_bend() {
        let trials = 1000;
        let rejected = |seed: &u64, curve: &dyn Fn(u64) -> f64| {
            fit_rate(&noisy(*seed, 0.05, 1.0, curve))
                .unwrap()
                .lack_of_fit
                < 0.01
        };
        let straight = |n: u64| 3.0 / n as f64;
        let bent = |n: u64| 3.0 / n as f64 + 0.004;
        let count = |curve: &dyn Fn(u64) -> f64| {
            (1..=trials).filter(|seed| rejected(seed, curve)).count() as u64
        };
        let level = clopper_pearson(count(&straight), trials, 0.001);
        assert!(level.low <= 0.01 && 0.01 <= level.high, "{level:?}");
        assert!(clopper_pearson(count(&bent), trials, 0.001).low > 0.9);
    }

    #[test]
    fn what_has_no_rate_gets_none() {
        let at = |population, value| Point {
            population,
            value,
            std_error: 0.1,
        };
        assert_eq!(fit_rate(&[at(10, 1.0), at(20, 0.5)]), None);
        assert_eq!(fit_rate(&[at(10, 1.0), at(20, 0.0), at(30, 0.2)]), None);
        assert_eq!(
            fit_rate(&[at(10, 1.0), at(20, f64::NAN), at(30, 0.2)]),
            None
        );
        assert_eq!(fit_rate(&[at(10, 1.0), at(10, 0.5), at(10, 0.2)]), None);
        assert!(
            local_slopes(&[at(10, 1.0), at(20, -1.0)])[0]
                .exponent
                .is_nan()
        );
    }
}
