//! How figures are printed in sentences and on the screen: six decimals, or six digits after the first where six decimals
//! would hide the figure or fill the line.

/// Sizes that are printed with six decimals.
const FIXED: std::ops::Range<f64> = 1e-4..1e9;

/// The form in which figures of one kind are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// `0.123457`
    Fixed,
    /// `1.234568e-8`
    Scientific,
}

impl Digits {
    /// For figures that stand beside one another: what the largest of them needs.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let sizes = figures.into_iter().map(f64::abs);
        let largest = sizes.filter(|size| size.is_finite()).fold(0.0, f64::max);
        if largest == 0.0 || FIXED.contains(&largest) {
            Self::Fixed
        } else {
            Self::Scientific
        }
    }

    /// A figure in this form.
    pub(crate) fn show(self, figure: f64) -> String {
        match self {
            // What rounds to nothing has no sign.
            Self::Fixed if figure.abs() < 0.5e-6 => format!("{:.6}", 0.0),
            Self::Scientific if figure == 0.0 => "0".to_owned(),
            Self::Fixed => format!("{figure:.6}"),
            Self::Scientific => format!("{figure:.6e}"),
        }
    }

    /// The same with its sign.
    pub(crate) fn show_signed(self, figure: f64) -> String {
        let text = self.show(figure);
        match text.starts_with('-') || figure.is_nan() {
            true => text,
            false => format!("+{text}"),
        }
    }
}

/// One figure by itself.
pub(crate) fn digits(figure: f64) -> String {
    Digits::of([figure]).show(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_keeps_its_digits_at_every_size() {
        for (figure, text) in [
            (0.0, "0.000000"),
            (-0.0, "0.000000"),
            (0.1234567, "0.123457"),
            (-1_839_471.4, "-1839471.400000"),
            (1.839_471_4e-8, "1.839471e-8"),
            (-3.409_636e12, "-3.409636e12"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(digits(figure), text);
        }
        let beside = Digits::of([0.5, -1e-9]);
        assert_eq!(
            (beside.show(-1e-9), beside.show_signed(0.5)),
            ("0.000000".into(), "+0.500000".into())
        );
        assert_eq!(Digits::of([2e-8, 0.0]).show_signed(0.0), "+0");
    }
}
