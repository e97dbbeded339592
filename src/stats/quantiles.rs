//! Quantiles and tails of the normal, Student and chi-square laws, guarded where the usual routines fail.
//!
//! statrs 0.19.1 finds Student's quantiles by inverting an incomplete beta function that loses all digits as the degrees
//! of freedom grow (1.386 for 1.645 at 10^7) and does not end at 2 10^7. Beyond
//! [`LARGE_STUDENT`] degrees of freedom the expansion around the normal law is used, exact to 10^-9 there, and beyond
//! [`LARGE`] Wilson & Hilferty's for chi-square tails, good to a few parts in a thousand of the tail. These figures describe; no verdict rests on them.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::gamma_ur;

/// Degrees of freedom from which on the expansions are used: of chi-square laws,
const LARGE: f64 = 1e4;
/// and of Student's, whose own inverse keeps 8 digits there.
const LARGE_STUDENT: f64 = 1e3;

/// P(Z > x) for a standard normal Z; `NaN` at NaN.
pub fn normal_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}

/// The z with P(Z <= z) = p; `NaN` where p is not in (0, 1).
pub fn normal_quantile(p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    let start = Normal::standard().inverse_cdf(p);
    // One step of Newton's, on the tail that holds fewer: the start is good to 10^-10 or so.
    let density = libm::exp(-0.5 * start * start) / (2.0 * std::f64::consts::PI).sqrt();
    if start < 0.0 {
        start - (normal_tail(-start) - p) / density
    } else {
        start + (normal_tail(start) - (1.0 - p)) / density
    }
}

/// The t with P(T <= t) = p for Student's T with `df` degrees of freedom (> 0, infinity allowed); `NaN` elsewhere.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    if !(p > 0.0 && p < 1.0 && df > 0.0) {
        return f64::NAN;
    }
    if df < LARGE_STUDENT {
        return StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |law| law.inverse_cdf(p));
    }
    // Cornish & Fisher: z + (z^3 + z)/(4 df) + (5 z^5 + 16 z^3 + 3 z)/(96 df^2)
    // + (3 z^7 + 19 z^5 + 17 z^3 - 15 z)/(384 df^3) + ..
    let z = normal_quantile(p);
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    z + (first + (second + third / df) / df) / df
}

/// P(X > x) for a chi-square X with `df` degrees of freedom (> 0); `NaN` elsewhere.
pub fn chi_square_tail(x: f64, df: f64) -> f64 {
    if x.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if df < LARGE {
        return gamma_ur(0.5 * df, 0.5 * x);
    }
    normal_tail(cube_root_score(x, df))
}

/// P(X <= x) for a chi-square X: the other tail, without the loss of a difference from one.
pub fn chi_square_lower_tail(x: f64, df: f64) -> f64 {
    if x.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if df < LARGE {
        return statrs::function::gamma::gamma_lr(0.5 * df, 0.5 * x);
    }
    normal_tail(-cube_root_score(x, df))
}

/// Wilson & Hilferty: (X/df)^(1/3) is close to normal with mean 1 - 2/(9 df) and variance 2/(9 df).
fn cube_root_score(x: f64, df: f64) -> f64 {
    let variance = 2.0 / (9.0 * df);
    (libm::cbrt(x / df) - 1.0 + variance) / variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64, relative: f64) {
        assert!(
            (found / expected - 1.0).abs() < relative,
            "{found} is not {expected}"
        );
    }

    /// To 15 digits, from the laws' densities integrated in 30-digit arithmetic.
    #[test]
    fn student_and_normal_quantiles_have_their_reference_values() {
        for (p, expected) in [
            (0.95, 1.644_853_626_951_472_7),
            (0.975, 1.959_963_984_540_054_2),
            (0.995, 2.575_829_303_548_901),
            (0.999_95, 3.890_591_886_413_1),
        ] {
            close(normal_quantile(p), expected, 1e-13);
            close(normal_quantile(1.0 - p), -expected, 1e-11);
        }
        for (df, at_95, at_995) in [
            (1.0, 6.313_751_514_675_04, 63.656_741_162_871_6),
            (2.0, 2.919_985_580_353_73, 9.924_843_200_918_29),
            (5.0, 2.015_048_373_333_02, 4.032_142_983_555_23),
            (30.0, 1.697_260_886_593_96, 2.749_995_653_567_23),
            (1000.0, 1.646_378_817_285_46, 2.580_754_698_065_95),
            (1e4, 1.645_006_018_069_24, 2.576_321_046_668_53),
            (1e7, 1.644_853_779_328_4, 2.575_829_795_203_75),
            (2e7, 1.644_853_703_139_93, 2.575_829_549_376_3),
            (1e12, 1.644_853_626_953, 2.575_829_303_553_82),
        ] {
            close(student_quantile(0.95, df), at_95, 1e-9);
            close(student_quantile(0.995, df), at_995, 1e-9);
            close(student_quantile(0.05, df), -at_95, 1e-9);
        }
        close(
            student_quantile(0.95, f64::INFINITY),
            normal_quantile(0.95),
            1e-15,
        );
    }

    #[test]
    fn the_two_ways_to_a_quantile_meet() {
        for p in [0.6, 0.9, 0.999, 0.999_99] {
            close(
                student_quantile(p, 1e4),
                student_quantile(p, 9999.999),
                1e-9,
            );
        }
    }

    #[test]
    fn chi_square_tails_have_their_reference_values() {
        for (df, x, expected, relative) in [
            (1.0, 3.0, 0.083_264_516_663_5, 1e-11),
            (1.0, 20.0, 7.744_216_431_04e-6, 1e-9),
            (5.0, 11.0, 0.051_379_983_483_1, 1e-11),
            (5.0, 40.0, 1.493_367_900_05e-7, 1e-9),
            (1000.0, 1100.0, 0.014_614_408_126_3, 1e-9),
            (1000.0, 1200.0, 1.225_594_233_06e-5, 1e-9),
            (1e4, 10_300.0, 0.017_638_117_447_3, 2e-4),
            (1e4, 10_600.0, 1.554_511_578_55e-5, 2e-3),
            (1e7, 10_010_000.0, 0.012_693_185_164_5, 1e-5),
            (1e7, 10_020_000.0, 3.923_670_597_28e-6, 1e-4),
            (1e9, 1_000_100_000.0, 0.012_675_611_994_9, 1e-6),
        ] {
            close(chi_square_tail(x, df), expected, relative);
            close(
                1.0 - chi_square_lower_tail(x, df),
                expected,
                relative.max(1e-9),
            );
        }
    }

    #[test]
    fn what_is_no_probability_has_no_quantile() {
        for p in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(normal_quantile(p).is_nan() && student_quantile(p, 5.0).is_nan());
        }
        assert!(student_quantile(0.9, 0.0).is_nan() && student_quantile(0.9, f64::NAN).is_nan());
        assert!(chi_square_tail(1.0, 0.0).is_nan() && chi_square_tail(f64::NAN, 1.0).is_nan());
        assert_eq!(
            (chi_square_tail(-1.0, 3.0), chi_square_lower_tail(0.0, 3.0)),
            (1.0, 0.0)
        );
    }
}
