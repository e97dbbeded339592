//! Equilibria in which several types mix, from those of the lattice by Newton's method.

use super::{Close, Draft, Probe};
use crate::solve::SolveError;
use crate::solve::lattice::affine::{Row, points};
use crate::solve::lattice::search::Steps;
use crate::solve::lattice::stage_game::Equilibrium;
use crate::solve::stage::Kind;
use crate::solve::tolerances::{JUMP, ROOT};

/// Newton steps.
const NEWTON: usize = 12;

impl Close<'_, '_, '_, '_> {
    /// An equilibrium of the lattice's in which more is mixed, moved to where V re-solved makes it one.
    pub(super) fn newton(&mut self, e: &Equilibrium) -> Result<Option<Draft>, SolveError> {
        let (actions, active) = (self.games.stage.actions, self.games.stage.active.clone());
        // (type, first action taken, further one).
        let mut extra: Vec<[usize; 3]> = Vec::new();
        for x in active {
            let row = &e.gamma[x * actions..(x + 1) * actions];
            let mut taken = (0..actions).filter(|a| row[*a] > 0.0);
            if let Some(base) = taken.next() {
                extra.extend(taken.map(|a| [x, base, a]));
            }
        }
        let unknowns = extra.len();
        let step = 1e-5;
        let moved = |gamma: &[f64], by: &[f64]| -> Vec<f64> {
            let mut gamma = gamma.to_vec();
            for ([x, base, a], d) in extra.iter().zip(by) {
                gamma[x * actions + a] += d;
                gamma[x * actions + base] -= d;
            }
            gamma
        };
        let gains = |close: &Self, probe: &Probe| -> Vec<f64> {
            let stage = &close.games.stage;
            let payoff = |x: usize, a: usize| stage.payoff(x, a, &probe.values);
            extra
                .iter()
                .map(|[x, base, a]| payoff(*x, *a) - payoff(*x, *base))
                .collect()
        };
        let mut probe = self.probe(e.gamma.clone())?;
        let mut f = gains(self, &probe);
        let mut slopes: Vec<Row> = vec![vec![0.0; unknowns + 1]; unknowns];
        for j in 0..unknowns {
            let mut by = vec![0.0; unknowns];
            let [x, base, _] = extra[j];
            by[j] = if e.gamma[x * actions + base] > step {
                step
            } else {
                -step
            };
            let other = self.probe(moved(&e.gamma, &by))?;
            for (row, (g, f)) in slopes.iter_mut().zip(gains(self, &other).iter().zip(&f)) {
                row[j] = (g - f) / by[j];
            }
        }
        for _ in 0..NEWTON {
            let worst = f.iter().fold(0.0, |worst: f64, f| worst.max(f.abs()));
            if worst <= ROOT {
                break;
            }
            let mut rows = slopes.clone();
            for (row, f) in rows.iter_mut().zip(&f) {
                row[unknowns] = *f;
                let scale = row.iter().fold(f64::MIN_POSITIVE, |s, v| s.max(v.abs()));
                row.iter_mut().for_each(|v| *v /= scale);
            }
            let (kind, found) = points(rows, unknowns, Vec::new, &mut Steps::default());
            let Some(by) = found.first().filter(|_| kind == Kind::Mixed) else {
                return Ok(None);
            };
            let gamma = moved(&probe.gamma, by);
            if gamma.iter().any(|p| *p < 0.0 || *p > 1.0) || self.exhausted() {
                return Ok(None);
            }
            probe = self.probe(gamma)?;
            f = gains(self, &probe);
        }
        let worst = f.iter().fold(0.0, |worst: f64, f| worst.max(f.abs()));
        let (draft, holds) = self.test(&probe, 0.0, None);
        Ok(Some(draft).filter(|_| holds && worst <= JUMP))
    }
}
