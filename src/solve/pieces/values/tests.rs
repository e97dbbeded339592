use super::*;

/// An interval and a function on it.
type Part = (f64, f64, fn(f64) -> f64);

/// V^f(x_1) = 0, V^f(x_2) = f, V^l = 2 f on consecutive intervals with a gap between.
fn function(parts: &[Part]) -> Piecewise {
    let at = |f: &dyn Fn(f64) -> f64, m: f64| Values {
        followers: [0.0, f(m)],
        leader: 2.0 * f(m),
    };
    let pieces = parts
        .iter()
        .map(|(lo, hi, f)| {
            Piece::interpolate(*lo, *hi, None, &Piece::nodes(*lo, *hi).map(|m| at(f, m)))
        })
        .collect();
    Piecewise::new(pieces)
}

#[test]
fn a_quartic_is_reproduced() {
    let f: fn(f64) -> f64 = |m| 3.0 - m + 2.0 * m * m - 5.0 * m * m * m + m * m * m * m;
    let v = function(&[(0.2, 0.9, f)]);
    for i in 0..=70 {
        let m = 0.2 + 0.01 * f64::from(i);
        let got = v.pieces()[0].values(m);
        assert!((got.followers[1] - f(m)).abs() < 1e-14);
        assert!((got.leader - 2.0 * f(m)).abs() < 1e-14);
    }
}

#[test]
fn the_error_is_seen_at_the_test_points() {
    let f = |m: f64| (m - 0.3).abs();
    let v = function(&[(0.0, 1.0, f)]);
    let piece = &v.pieces()[0];
    let worst = Piece::tests(0.0, 1.0)
        .map(|m| (piece.values(m).followers[1] - f(m)).abs())
        .into_iter()
        .fold(0.0, f64::max);
    assert!(worst > 0.01);
}

#[test]
fn a_point_in_a_gap_goes_to_the_nearer_side_and_a_tie_to_the_left() {
    let v = function(&[(0.0, 0.25, |_| 0.0), (0.5, 1.0, |_| 1.0)]);
    assert_eq!(v.locate(0.3), Place { m: 0.25, piece: 0 });
    assert_eq!(v.locate(0.375), Place { m: 0.25, piece: 0 });
    assert_eq!(v.locate(0.38), Place { m: 0.5, piece: 1 });
    assert_eq!(v.locate(0.0), Place { m: 0.0, piece: 0 });
    assert_eq!(v.locate(1.0), Place { m: 1.0, piece: 1 });
    assert_eq!(v.border(0), Border::Jump);
    assert_eq!(v.jumps(), Some(1));
    assert_eq!(v.switches(), [0.375]);
}

#[test]
fn single_points_are_pieces() {
    let point = Piece::point(
        0.0,
        None,
        Values {
            followers: [0.0, 5.0],
            leader: 1.0,
        },
    );
    let rest = Values {
        followers: [0.0, 1.0],
        leader: 1.0,
    };
    let v = Piecewise::new(vec![
        point,
        Piece::interpolate(1e-14, 1.0, None, &[rest; POINTS]),
    ]);
    assert_eq!(v.values(v.locate(0.0)).followers[1], 5.0);
    assert_eq!(v.values(v.locate(0.9e-14)).followers[1], 1.0);
    assert_eq!(v.jumps(), Some(1));
}

#[test]
fn branches_are_monotone_and_runs_end_at_turns_and_switches() {
    // Falls to 0.5, rises, jumps at 0.8, rises.
    let v = function(&[
        (0.0, 0.4, |m| (m - 0.5) * (m - 0.5)),
        (0.4, 0.8, |m| (m - 0.5) * (m - 0.5)),
        (0.8 + 1e-14, 1.0, |m| m),
    ]);
    assert_eq!(v.border(0), Border::Smooth);
    assert_eq!(v.border(1), Border::Jump);
    let runs: Vec<u32> = v.branches.iter().map(|b| b.run).collect();
    assert_eq!(runs, vec![0, 0, 1, 2]);
    assert!((v.branch(1).hi - 0.5).abs() < 1e-12);
    assert_eq!(v.run(0), (0, 1));
}

#[test]
fn roots_are_found_to_rounding() {
    let f: fn(f64) -> f64 = |m| m * m * m - 0.2;
    let v = function(&[(0.0, 1.0, f)]);
    for d in [-0.19, 0.0, 0.3, 0.79] {
        let m = v.root(0, 0.0, 1.0, d);
        assert!((m - (d + 0.2).cbrt()).abs() < 1e-15, "{d}: {m}");
    }
}

#[test]
fn the_search_for_candidates_equals_a_scan() {
    // A saw with 200 teeth; each branch and the step after it holds some values.
    let at = |i: usize| (0.37 * i as f64) % 1.0;
    let pieces = (0..200)
        .map(|i| {
            let (lo, hi) = (i as f64 / 200.0, (i + 1) as f64 / 200.0);
            let value = |m: f64| Values {
                followers: [0.0, at(i) + 3.0 * (m - lo)],
                leader: 0.0,
            };
            Piece::interpolate(lo, hi, None, &Piece::nodes(lo, hi).map(value))
        })
        .collect();
    let v = Piecewise::new(pieces);
    for (from, to) in [(0, 199), (3, 77), (64, 64), (130, 199)] {
        for step in 0..50 {
            let d = 0.021 * f64::from(step);
            let mut found = Vec::new();
            let mut i = from;
            while let Some(k) = v.next_candidate(i, to, d, 1e-3) {
                found.push(k);
                i = k + 1;
            }
            let scan: Vec<usize> = (from..=to)
                .filter(|i| {
                    let b = v.branch(*i);
                    let next = if i + 1 < v.branches.len() {
                        v.branch(i + 1).d_lo
                    } else {
                        b.d_hi
                    };
                    let (lo, hi) = (b.d_lo.min(b.d_hi).min(next), b.d_lo.max(b.d_hi).max(next));
                    lo - 1e-3 <= d && d <= hi + 1e-3
                })
                .collect();
            assert_eq!(found, scan);
        }
    }
}
