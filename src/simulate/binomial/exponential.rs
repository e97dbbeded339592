//! exp(-y): when the program is compiled, and fast.

/// exp(-y) for -1 < y < 16, to some 10^-14: exp(-y/64) by its series, squared six times.
pub(super) const fn exp_minus(y: f64) -> f64 {
    let x = -y / 64.0;
    let (mut sum, mut k) = (1.0, 14.0);
    while k > 0.0 {
        sum = 1.0 + sum * x / k;
        k -= 1.0;
    }
    let mut squarings = 0;
    while squarings < 6 {
        sum *= sum;
        squarings += 1;
    }
    sum
}

/// Entries of the table per unit.
const PER_UNIT: f64 = 16.0;
/// exp(-i/16), up to exp(-11).
static TABLE: [f64; 177] = {
    let mut table = [1.0; 177];
    let mut i = 1;
    while i < table.len() {
        table[i] = exp_minus(i as f64 / PER_UNIT);
        i += 1;
    }
    table
};

/// exp(-y) for 0 <= y < 11, to some 10^-14: from the table, and for the rest by the series to its seventh power.
#[inline]
pub(super) fn exp_minus_moderate(y: f64) -> f64 {
    let i = (y * PER_UNIT) as i32;
    let r = f64::from(i) / PER_UNIT - y;
    let square = r * r;
    let low = 1.0 + r + square * (1.0 / 2.0 + r * (1.0 / 6.0));
    let high = 1.0 / 24.0 + r * (1.0 / 120.0) + square * (1.0 / 720.0 + r * (1.0 / 5040.0));
    TABLE[i as usize] * (low + square * square * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_right_to_thirteen_digits() {
        for step in 0..11_000 {
            let y = f64::from(step) / 1000.0;
            let exact = libm::exp(-y);
            assert!((exp_minus(y) / exact - 1.0).abs() < 1e-13, "{y}");
            assert!((exp_minus_moderate(y) / exact - 1.0).abs() < 1e-13, "{y}");
        }
        assert!((exp_minus(-0.9) / libm::exp(0.9) - 1.0).abs() < 1e-13);
    }
}
