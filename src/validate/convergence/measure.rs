//! The figures at one N: simulated distances and values, exact and sampled gaps.

use crate::game::Flow;
use crate::game::RewardRanges;
use crate::simulate::{along, simulate};
use crate::stats::Moments;
use crate::stream::Purpose;
use crate::validate::exact::LeaderTest;
use crate::validate::population::Claims;
use crate::validate::trial::Trial;
use crate::validate::{Method, Player, Row, ValidateError, Validation, Weight};

/// Replications from which the deviation is chosen whose gain is then sampled.
const CHOSEN_FROM: u64 = 256;

/// A period (from 1) and a type.
pub(super) type Cell = (usize, usize);

/// Moments of z^N - z over replications of one population.
pub(super) struct Simulated {
    pub population: u64,
    types: usize,
    /// Of z^N_t(x) - z_t(x), by period and type.
    errors: Vec<Moments>,
    /// Of its square.
    squares: Vec<Moments>,
    /// Of the total variation, by period.
    distances: Vec<Moments>,
    follower: Moments,
    leader: Moments,
}

/// What is measured at all populations, chosen on paths of the smallest that no figure is made of: the largest of many
/// noisy figures, reported by the same noise, would exceed its truth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    /// The period with the largest distance.
    pub farthest: usize,
    /// The period and type with the largest bias in its standard errors,
    pub most_biased: Cell,
    /// and whether it is below zero.
    pub bias_is_negative: bool,
    /// The period and type with the largest standard deviation.
    pub widest: Cell,
    /// The followers' mean return and the leader's.
    pub follower: f64,
    pub leader: f64,
}

impl Chosen {
    pub fn by(claims: &Claims<'_>, flow: &Flow) -> Result<Self, ValidateError> {
        let found = paths(claims, flow, Purpose::Choosing)?;
        let most_biased = found.most_biased();
        Ok(Self {
            farthest: found.farthest(),
            most_biased,
            bias_is_negative: found.bias(most_biased).0 < 0.0,
            widest: found.widest(),
            follower: found.follower_value().0,
            leader: found.leader_value().0,
        })
    }
}

/// Simulate theta at every population.
pub(super) fn simulated(
    claims: &[Claims<'_>],
    flow: &Flow,
) -> Result<Vec<Simulated>, ValidateError> {
    let one = |claims: &Claims<'_>| paths(claims, flow, Purpose::Distances);
    claims.iter().map(one).collect()
}

/// Simulate theta at one population.
fn paths(claims: &Claims<'_>, flow: &Flow, purpose: Purpose) -> Result<Simulated, ValidateError> {
    let types = claims.game.follower_types().len();
    let periods = flow.main_path().len();
    let mut found = Simulated {
        population: claims.population,
        types,
        errors: vec![Moments::default(); periods * types],
        squares: vec![Moments::default(); periods * types],
        distances: vec![Moments::default(); periods],
        follower: Moments::default(),
        leader: Moments::default(),
    };
    let simulation = claims.simulation(purpose, claims.settings.replications);
    simulate(claims.game, claims.policy, &simulation, |trajectory| {
        for (i, node) in along(flow, trajectory).iter().enumerate() {
            let mut total = 0.0;
            let limits = node.mean_field.weights();
            let shares = trajectory.mean_field(i + 1).zip(limits);
            for (x, (share, limit)) in shares.enumerate() {
                let error = share - limit;
                found.errors[i * types + x].push(error);
                found.squares[i * types + x].push(error * error);
                total += 0.5 * error.abs();
            }
            found.distances[i].push(total);
        }
        found.follower.push(trajectory.follower_return());
        found.leader.push(trajectory.leader_return());
        Ok::<(), ValidateError>(())
    })?;
    Ok(found)
}

impl Simulated {
    fn index(&self, (t, x): Cell) -> usize {
        (t - 1) * self.types + x
    }

    /// E TV(z^N_t, z_t) and its standard error.
    pub fn distance(&self, t: usize) -> (f64, f64) {
        let moments = &self.distances[t - 1];
        (moments.mean(), moments.std_error())
    }

    /// E z^N_t(x) - z_t(x) and its standard error.
    pub fn bias(&self, cell: Cell) -> (f64, f64) {
        let moments = &self.errors[self.index(cell)];
        (moments.mean(), moments.std_error())
    }

    /// The standard deviation of z^N_t(x), (E e^2 - (E e)^2)^1/2, and its standard error by that of E e^2.
    pub fn spread(&self, cell: Cell) -> (f64, f64) {
        let deviation = self.errors[self.index(cell)].sd();
        let error = self.squares[self.index(cell)].std_error();
        let relative = if deviation > 0.0 {
            0.5 * error / deviation
        } else {
            0.0
        };
        (deviation, relative)
    }

    /// The followers' mean return and its standard error.
    pub fn follower_value(&self) -> (f64, f64) {
        (self.follower.mean(), self.follower.std_error())
    }

    /// The leader's.
    pub fn leader_value(&self) -> (f64, f64) {
        (self.leader.mean(), self.leader.std_error())
    }

    /// The period with the largest distance.
    pub fn farthest(&self) -> usize {
        let periods = 1..=self.distances.len();
        largest(periods, |t| self.distance(*t).0).unwrap_or(1)
    }

    /// The period and type with the largest bias in its standard errors.
    pub fn most_biased(&self) -> Cell {
        let score = |cell: &Cell| {
            let (bias, error) = self.bias(*cell);
            if error > 0.0 { bias.abs() / error } else { 0.0 }
        };
        largest(self.cells(), score).unwrap_or((1, 0))
    }

    /// The period and type with the largest standard deviation.
    pub fn widest(&self) -> Cell {
        largest(self.cells(), |cell| self.spread(*cell).0).unwrap_or((1, 0))
    }

    fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        (1..=self.distances.len()).flat_map(|t| (0..self.types).map(move |x| (t, x)))
    }
}

/// The first with the largest score.
fn largest<T>(items: impl Iterator<Item = T>, score: impl Fn(&T) -> f64) -> Option<T> {
    items.reduce(|best, item| {
        if score(&item) > score(&best) {
            item
        } else {
            best
        }
    })
}

/// An exact gain, and the value of theta.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExactGap {
    pub gain: f64,
    pub value: f64,
}

/// The exact gains of both players.
pub(super) struct ExactGaps {
    pub follower: ExactGap,
    pub leader: Option<ExactGap>,
}

/// Backward induction at one population.
pub(super) fn exact_gaps(
    claims: &Claims<'_>,
    with_leader: bool,
) -> Result<ExactGaps, ValidateError> {
    let leader = if with_leader {
        LeaderTest::StageWise
    } else {
        LeaderTest::None
    };
    let mut validation = Validation::empty();
    claims.exact(leader, &mut validation)?;
    let of = |player: Player| {
        let own = move |row: &&Row| row.player == player;
        let deciding = validation
            .rows
            .iter()
            .filter(own)
            .filter(|row| row.weight == Weight::Decides);
        let gain = largest(deciding.map(|row| row.gain), |gain| *gain)?;
        let initial = validation
            .rows
            .iter()
            .filter(own)
            .find(|row| row.start == "initial")?;
        Some(ExactGap {
            gain,
            value: initial.value,
        })
    };
    let unknown = ExactGap {
        gain: f64::NAN,
        value: f64::NAN,
    };
    Ok(ExactGaps {
        follower: of(Player::Follower).unwrap_or(unknown),
        leader: of(Player::Leader),
    })
}

/// A sampled gain.
pub(super) struct Gap {
    pub method: Method,
    /// The gain and its standard error.
    pub figure: (f64, f64),
    pub warning: Option<String>,
}

/// Choose the deviation that does best in a pilot, and sample its gain on fresh streams.
pub(super) fn sampled_gap(
    claims: &Claims<'_>,
    player: Player,
    method: Method,
    ranges: &RewardRanges<'_>,
) -> Result<Gap, ValidateError> {
    let trial = match player {
        Player::Follower => Trial::follower(claims, method, claims.follower_class()?.0, ranges),
        Player::Leader => Trial::leader(claims, claims.leader_class(), ranges),
    };
    let all: Vec<usize> = (0..trial.deviations.len()).collect();
    let mut pilot = vec![Moments::default(); trial.deciding()];
    let first = Purpose::Pilot.offset() + 1;
    let fresh = first + CHOSEN_FROM;
    trial.replicate(first..fresh, &all, |differences| {
        for (moments, difference) in pilot.iter_mut().zip(differences) {
            moments.push(difference.gain);
        }
        Ok(())
    })?;
    let best = largest(0..pilot.len(), |cell| pilot[*cell].mean()).unwrap_or(0);
    let mut hypothesis = trial.hypothesis(best, claims.level())?;
    let (start, deviation) = trial.place(best);
    let replications = fresh..fresh + claims.settings.replications;
    trial.replicate(replications, &[deviation], |differences| {
        hypothesis.observe(differences[start]);
        Ok(())
    })?;
    let reason = trial.refusal(std::slice::from_ref(&hypothesis));
    let warning = reason.map(|reason| {
        format!(
            "N = {}: the integrated gain is doubtful: {reason}",
            claims.population
        )
    });
    Ok(Gap {
        method,
        figure: (hypothesis.gains.mean(), hypothesis.gains.std_error()),
        warning,
    })
}
